/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import static dev.consort.testkit.history.Outcome.FAILED;
import static dev.consort.testkit.history.Outcome.OK;
import static dev.consort.testkit.history.Outcome.UNKNOWN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.history.Ownership.Acquired;
import dev.consort.testkit.history.Ownership.Lost;
import dev.consort.testkit.history.Ownership.Proclaimed;
import dev.consort.testkit.history.Ownership.Released;
import dev.consort.testkit.history.Ownership.Seen;
import dev.consort.testkit.history.Ownership.Written;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LinearizabilityTest {
    private static final OwnershipModel MODEL = new OwnershipModel();

    private final List<Operation<Ownership>> history = new ArrayList<>();

    private LinearizabilityTest op(long from, long to, Ownership what, Outcome outcome) {
        history.add(new Operation<>(0, what, outcome, from, outcome == UNKNOWN ? Operation.NEVER : to));
        return this;
    }

    private LinearizabilityTest ok(long from, long to, Ownership what) {
        return op(from, to, what, OK);
    }

    private static Acquired acquired(long token) {
        return new Acquired(token, "v" + token);
    }

    private static Acquired shared(long token) {
        return new Acquired(token, "", true);
    }

    private void isGood() {
        assertThat(Linearizability.violation(MODEL, history)).isEmpty();
    }

    private void isBad() {
        assertThat(Linearizability.violation(MODEL, history)).isPresent();
    }

    @Test
    void sharedBetweenOwners_inAnyOrderAmongThemselves_isGood() {
        ok(0, 1, acquired(1)).ok(2, 3, new Released(1));
        ok(4, 5, shared(7)).ok(6, 7, shared(5)).ok(8, 9, new Written(7)).ok(10, 11, new Written(5));
        ok(12, 13, new Released(7))
                .ok(14, 15, new Lost(5))
                .ok(16, 17, acquired(8))
                .isGood();
    }

    @Test
    void ownerBesideAnotherWhoShares_isBad() {
        ok(0, 1, shared(5)).ok(2, 3, acquired(8)).isBad();
    }

    @Test
    void sharedBesideAnOwner_isBad() {
        ok(0, 1, acquired(5)).ok(2, 3, shared(8)).isBad();
    }

    @Test
    void ownerWithATokenBelowThatOfAnEarlierOneWhoShared_isBad() {
        ok(0, 1, shared(5)).ok(2, 3, new Released(5)).ok(4, 5, acquired(4)).isBad();
    }

    @Test
    void sharedWithATokenBelowThatOfAnEarlierOwner_isBad() {
        ok(0, 1, acquired(5)).ok(2, 3, new Released(5)).ok(4, 5, shared(4)).isBad();
    }

    @Test
    void writtenByOneWhoSharedAndGaveBack_isBad() {
        ok(0, 1, shared(5)).ok(2, 3, new Released(5)).ok(4, 5, new Written(5)).isBad();
    }

    @Test
    void nothing_isGood() {
        isGood();
    }

    @Test
    void handOver_inOrder_isGood() {
        ok(1, 2, acquired(5)).ok(3, 10, acquired(7)).ok(4, 6, new Released(5)).ok(11, 12, new Released(7));
        isGood();
    }

    /** Each of them may have happened or not: what changes nothing must not double the search. */
    @Test
    void manyWritesOfUnknownOutcome_areDecidedAllTheSame() {
        ok(1, 2, acquired(5));
        for (int i = 0; i < 60; i++) {
            op(3 + i, 0, new Written(5), UNKNOWN);
        }
        ok(100, 101, acquired(7)).ok(102, 103, new Released(5)).ok(104, 105, new Released(7));
        isBad();
    }

    @Test
    void twoOwners_isBad() {
        ok(1, 2, acquired(5)).ok(3, 4, acquired(7)).ok(5, 6, new Released(5)).ok(7, 8, new Released(7));
        isBad();
    }

    @Test
    void grantBeforeTheReleaseEnds_isGood() {
        ok(1, 2, acquired(5)).ok(3, 9, new Released(5)).ok(4, 6, acquired(7));
        isGood();
    }

    @Test
    void tokenNotGreater_isBad() {
        ok(1, 2, acquired(7)).ok(3, 4, new Released(7)).ok(5, 6, acquired(5));
        isBad();
    }

    @Test
    void sameTokenTwice_isBad() {
        ok(1, 2, acquired(7)).ok(3, 4, new Released(7)).ok(5, 6, acquired(7));
        isBad();
    }

    @Test
    void tokensOfConcurrentGrants_findTheirOrder() {
        ok(1, 20, acquired(9)).ok(2, 20, acquired(7)).ok(3, 20, new Released(7));
        isGood();
    }

    @Test
    void lossLetsTheNextIn_onlyFromWhenItCanHaveHappened() {
        ok(1, 2, acquired(5)).ok(3, 8, new Lost(5)).ok(4, 6, acquired(7));
        isGood();
    }

    @Test
    void lossTooLate_isBad() {
        ok(1, 2, acquired(5)).ok(3, 4, acquired(7)).ok(5, 8, new Lost(5));
        isBad();
    }

    @Test
    void releaseSaysLost_thoughNothingWasLost_isBad() {
        ok(1, 2, acquired(5)).op(3, 4, new Released(5), FAILED);
        isBad();
    }

    @Test
    void releaseSaysHeld_thoughItWasLostBefore_isBad() {
        ok(1, 2, acquired(5)).ok(3, 4, new Lost(5)).ok(5, 6, new Released(5));
        isBad();
    }

    @Test
    void releaseTwice_isGoodIfTheSecondSaysSo() {
        ok(1, 2, acquired(5)).ok(3, 4, new Released(5)).op(5, 6, new Released(5), FAILED);
        isGood();
    }

    @Test
    void releaseUnknown_mayTakeEffectLateOrNever() {
        ok(1, 2, acquired(5)).op(3, 0, new Released(5), UNKNOWN).ok(10, 12, acquired(7));
        isGood();
        history.clear();
        ok(1, 2, acquired(5)).op(3, 0, new Released(5), UNKNOWN).ok(10, 12, new Written(5));
        isGood();
        history.clear();
        ok(1, 2, acquired(5))
                .op(3, 0, new Released(5), UNKNOWN)
                .ok(4, 5, acquired(7))
                .ok(6, 7, new Written(5));
        isBad();
    }

    @Test
    void writeOfAnOwner_isGood_ofAnEarlierOne_isBad() {
        ok(1, 2, acquired(5)).ok(3, 4, new Written(5)).ok(5, 6, new Released(5));
        isGood();
        ok(7, 8, new Written(5));
        isBad();
    }

    @Test
    void writeRefused_whileOwner_isBad() {
        ok(1, 2, acquired(5)).op(3, 4, new Written(5), FAILED).ok(5, 6, new Released(5));
        isBad();
    }

    @Test
    void seenValue_neverGoesBack() {
        ok(1, 2, acquired(5)).ok(3, 4, new Proclaimed(5, "new")).ok(5, 6, new Seen(5, "new"));
        isGood();
        ok(7, 8, new Seen(5, "v5"));
        isBad();
    }

    @Test
    void seenLeader_afterItLeft_isBad() {
        ok(1, 2, acquired(5)).ok(3, 4, new Released(5)).ok(5, 6, new Seen(0, ""));
        isGood();
        ok(7, 8, acquired(7)).ok(9, 10, new Seen(5, "v5"));
        isBad();
    }

    @Test
    void seenNobody_whileSomebodyLeads_isBad() {
        ok(1, 2, acquired(5)).ok(3, 4, new Seen(0, ""));
        isBad();
    }

    @Test
    void seenLeader_whoIsNotToldYet_isGood() {
        ok(1, 9, acquired(5)).ok(3, 4, new Seen(5, "somebody's")).ok(5, 6, new Seen(5, "v5"));
        isGood();
    }

    @Test
    void seenLeader_whoWasToldOfItsLoss_isGoodUntilAnotherIsSeen() {
        ok(1, 2, acquired(5)).ok(3, 4, new Lost(5)).ok(5, 6, new Seen(5, "v5"));
        isGood();
        ok(7, 8, new Seen(0, "")).ok(9, 10, new Seen(5, "v5"));
        isBad();
        history.clear();
        ok(1, 2, acquired(5)).ok(3, 4, new Lost(5)).ok(5, 6, acquired(7)).ok(7, 8, new Seen(5, "v5"));
        isBad();
    }

    @Test
    void violation_says_whatCannotBePlaced() {
        ok(1, 2, acquired(5)).ok(3, 4, acquired(7));
        assertThat(Linearizability.violation(MODEL, history).orElseThrow().toString())
                .contains("Acquired[token=7");
    }

    /** At one moment, what begins comes before what ends. */
    @Test
    void operationsThatMeetAtAMoment_areConcurrent() {
        ok(1, 2, acquired(5)).ok(3, 5, acquired(7)).ok(5, 6, new Released(5));
        isGood();
        history.clear();
        ok(1, 2, acquired(5)).ok(3, 4, acquired(7)).ok(5, 6, new Released(5));
        isBad();
        history.clear();
        ok(1, 2, acquired(5)).ok(3, 5, acquired(7)).op(5, 0, new Released(5), UNKNOWN);
        isGood();
        history.clear();
        ok(1, 2, acquired(5)).ok(3, 4, acquired(7)).op(5, 0, new Released(5), UNKNOWN);
        isBad();
    }

    /** A long history whose holders wait at the same time must not take for ever. */
    @Test
    void longHistory_isDecidedSoon() {
        for (int i = 0; i < 3000; i++) {
            ok(10L * i + 1, 10L * i + 75, acquired(i + 1)).ok(10L * i + 73, 10L * i + 78, new Released(i + 1));
        }
        isGood();
        ok(40_000, 40_001, new Written(17));
        isBad();
    }

    /** The same answer as by trying every order, on histories that are nearly right. */
    @Test
    void randomHistories_asByBruteForce() {
        Random random = new Random(20260801);
        int good = 0;
        int all = 6000;
        for (int i = 0; i < all; i++) {
            List<Operation<Ownership>> some = random(random);
            boolean expected = BruteForce.isLinearizable(MODEL, some);
            Optional<Violation<Ownership>> found = Linearizability.violation(MODEL, some);
            assertThat(found.isEmpty()).as("%s%n%s", found, some).isEqualTo(expected);
            good += expected ? 1 : 0;
        }
        assertThat(good).isBetween(all / 20, all - all / 20);
    }

    private static List<Operation<Ownership>> random(Random random) {
        List<Operation<Ownership>> some = new ArrayList<>();
        int size = 2 + random.nextInt(5);
        long token = 1;
        for (int i = 0; i < size; i++) {
            long from = 4L * i + random.nextInt(8);
            long to = from + 1 + random.nextInt(8);
            Outcome outcome = random.nextInt(6) == 0 ? UNKNOWN : random.nextInt(5) == 0 ? FAILED : OK;
            Ownership what = switch (random.nextInt(7)) {
                case 0 -> acquired(token += 1 + random.nextInt(2));
                case 1 -> new Acquired(token += 1 + random.nextInt(2), "v" + token, random.nextBoolean());
                case 2 -> new Released(token - random.nextInt(2));
                case 3 -> new Lost(token - random.nextInt(2));
                case 4 -> new Written(token - random.nextInt(2));
                case 5 -> new Proclaimed(token, "p");
                default -> new Seen(random.nextInt(2) * token, random.nextBoolean() ? "p" : "v" + token);
            };
            boolean mayFail = !(what instanceof Acquired || what instanceof Lost || what instanceof Seen);
            outcome = mayFail ? outcome : OK;
            some.add(new Operation<>(i, what, outcome, from, outcome == UNKNOWN ? Operation.NEVER : to));
        }
        return some;
    }
}
