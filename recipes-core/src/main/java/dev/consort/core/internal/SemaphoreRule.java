/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * As many together as there are permits for, in the order in which they came: {@code <name>/permits:<hex lease>:<place>:
 * <permits>}, and the limit in a key's name, {@code <name>/limit:<permits>}, so that whoever reads keys reads it too. Of
 * the keys in order the limit is the first, however late it was changed.
 *
 * <p>Those that are granted are the first ones; so of those that wait only the first one waits for the end of any other
 * claim, and each one behind it for the one before it to be granted.
 *
 * @param place one of this session's claims in the queue
 * @param permits how many it asks for
 */
record SemaphoreRule(int place, int permits) implements ClaimRule {
    private static final String LIMIT = "limit:";
    private static final String CLAIM = "permits:";

    /** Where its claims are. */
    static final ByteString CLAIMS = ByteString.copyFromUtf8(CLAIM);

    private static final Pattern LIMIT_KEY = Pattern.compile("limit:([1-9][0-9]{0,8})");
    private static final Pattern CLAIM_KEY = Pattern.compile("permits:(-?[0-9a-f]+):([0-9]+):([1-9][0-9]{0,8})");

    /** The keys that are read as a claim is put; of more the claim has to be checked. */
    private static final int READ_AT_ONCE = 512;

    /** Where the limit of a queue is. */
    static ByteString limits(ByteString prefix) {
        return prefix.concat(ByteString.copyFromUtf8(LIMIT));
    }

    /** The key that says so. */
    static ByteString limit(ByteString prefix, int permits) {
        return prefix.concat(ByteString.copyFromUtf8(LIMIT + permits));
    }

    /** What a key says is the limit. */
    static OptionalInt limit(QueuedClaim key) {
        Matcher matcher = LIMIT_KEY.matcher(key.suffix().toStringUtf8());
        return matcher.matches() ? OptionalInt.of(Integer.parseInt(matcher.group(1))) : OptionalInt.empty();
    }

    /** How many permits a claim asks for; none if it is no claim. */
    static int permits(QueuedClaim claim) {
        Matcher matcher = CLAIM_KEY.matcher(claim.suffix().toStringUtf8());
        return matcher.matches() ? Integer.parseInt(matcher.group(3)) : 0;
    }

    /** Those that are free, of keys in order: none while a claim from before the limit was lowered does not fit in. */
    static int free(List<QueuedClaim> inOrder) {
        int granted = grantedOf(inOrder);
        if (granted == 0
                || (granted < inOrder.size()
                        && inOrder.get(granted).revision() < inOrder.get(0).revision())) {
            return 0;
        }
        return limit(inOrder.get(0)).orElse(0)
                - inOrder.stream()
                        .limit(granted)
                        .mapToInt(SemaphoreRule::permits)
                        .sum();
    }

    @Override
    public ByteString suffix(long lease) {
        return CLAIMS.concat(SessionKeys.hex(lease)).concat(ByteString.copyFromUtf8(":" + place + ":" + permits));
    }

    @Override
    public OptionalLong lease(QueuedClaim claim) {
        return leaseOf(claim);
    }

    /** The lease of a claim; empty if it is none. */
    static OptionalLong leaseOf(QueuedClaim claim) {
        Matcher matcher = CLAIM_KEY.matcher(claim.suffix().toStringUtf8());
        return matcher.matches() && matcher.group(2).equals(String.valueOf(Long.parseLong(matcher.group(2))))
                ? SessionKeys.parseHex(ByteString.copyFromUtf8(matcher.group(1)))
                : OptionalLong.empty();
    }

    @Override
    public List<QueuedClaim> claims(List<QueuedClaim> keysInOrder) {
        List<QueuedClaim> claims = new ArrayList<>(keysInOrder);
        keysInOrder.stream().filter(key -> limit(key).isPresent()).findFirst().ifPresent(limit -> {
            claims.remove(limit);
            claims.add(0, limit);
        });
        return claims;
    }

    @Override
    public List<RangeRequest.Builder> whenMade(QueueKeys keys) {
        return List.of(ClaimTxns.prefix(keys.prefix(), READ_AT_ONCE));
    }

    @Override
    public Verdict made(QueueKeys keys, List<RangeResponse> read) {
        RangeResponse range = read.get(0);
        if (range.getCount() > range.getKvsCount()) {
            return Verdict.unknown(range.getCount());
        }
        List<QueuedClaim> before = new ArrayList<>(keys.inOrder(range));
        before.removeIf(claim -> keys.key(claim).equals(keys.own()));
        return verdict(before);
    }

    @Override
    public List<RangeRequest.Builder> whenChecked(QueueKeys keys, long revision) {
        return List.of(
                ClaimTxns.prefix(limits(keys.prefix()), 0),
                ClaimTxns.prefix(keys.prefix(), 0).setMaxCreateRevision(revision - 1));
    }

    @Override
    public Verdict checked(QueueKeys keys, List<RangeResponse> read) {
        List<QueuedClaim> before = new ArrayList<>(keys.inOrder(read.get(0)));
        keys.inOrder(read.get(1)).stream()
                .filter(claim -> limit(claim).isEmpty())
                .forEach(before::add);
        return verdict(before);
    }

    /** Of the limit, and the claims before one under this rule. */
    private Verdict verdict(List<QueuedClaim> before) {
        OptionalInt limit = before.isEmpty() ? OptionalInt.empty() : limit(before.get(0));
        if (limit.isEmpty()) {
            return Verdict.never("its limit, the key '" + LIMIT + "..' below this name, was deleted; create it again");
        }
        if (permits > limit.getAsInt()) {
            return Verdict.never(permits + " permits were asked for, and there are " + limit.getAsInt()
                    + "; ask for fewer, or raise the limit");
        }
        List<QueuedClaim> claims = before.subList(1, before.size());
        for (QueuedClaim claim : claims) {
            if (lease(claim).isEmpty()) {
                return Verdict.behind(claim);
            }
        }
        long sum = claims.stream().mapToLong(SemaphoreRule::permits).sum();
        if (sum + permits <= limit.getAsInt()) {
            return Verdict.GRANTED;
        }
        QueuedClaim last = claims.get(claims.size() - 1);
        boolean lastIsGranted = sum <= limit.getAsInt();
        // (!) A claim from before the limit was lowered may be granted although it would not be any more.
        boolean mayHaveBeenGranted = last.revision() < before.get(0).revision();
        return lastIsGranted || mayHaveBeenGranted ? Verdict.first(claims.size()) : Verdict.behind(last, claims.size());
    }

    @Override
    public int granted(List<QueuedClaim> inOrder) {
        return grantedOf(inOrder);
    }

    /** The limit counts as one of them. */
    private static int grantedOf(List<QueuedClaim> inOrder) {
        OptionalInt limit = inOrder.isEmpty() ? OptionalInt.empty() : limit(inOrder.get(0));
        if (limit.isEmpty()) {
            return 0;
        }
        long left = limit.getAsInt();
        int granted = 1;
        while (granted < inOrder.size()) {
            int asked = permits(inOrder.get(granted));
            left -= asked;
            if (asked == 0 || left < 0) {
                break;
            }
            granted++;
        }
        return granted;
    }

    /** Unsorted, for the limit may be later than any claim. */
    @Override
    public RangeRequest all(QueueKeys keys, int limit) {
        return ClaimTxns.prefix(keys.prefix(), 0).build();
    }

    @Override
    public boolean firstIsTold() {
        return true;
    }

    @Override
    public Optional<QueuedClaim> condition(List<QueuedClaim> inOrder) {
        return inOrder.stream().findFirst().filter(key -> limit(key).isPresent());
    }

    /** Never: it is told by the one who leaves after reading. */
    @Override
    public Next next(List<QueuedClaim> following) {
        return Next.UNKNOWN;
    }
}
