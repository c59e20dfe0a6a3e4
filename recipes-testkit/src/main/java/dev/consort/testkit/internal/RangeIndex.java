/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.ByteString;
import java.util.LinkedHashSet;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Which ranges cover a key, in time proportional to their number and the logarithm of all: a treap of ranges, ordered
 * by their begin and end, where each node knows the farthest end below it. Confined to the server's lock.
 */
final class RangeIndex<T> {
    private static final class Node<T> {
        private final KeyRange range;
        private final ByteString end;
        private final int priority;
        private final Set<T> values = new LinkedHashSet<>();
        private ByteString farthest;
        private @Nullable Node<T> left;
        private @Nullable Node<T> right;

        Node(KeyRange range, ByteString end, int priority) {
            this.range = range;
            this.end = end;
            this.priority = priority;
            this.farthest = end;
        }

        void update() {
            farthest = end;
            if (left != null && compareEnds(left.farthest, farthest) > 0) {
                farthest = left.farthest;
            }
            if (right != null && compareEnds(right.farthest, farthest) > 0) {
                farthest = right.farthest;
            }
        }
    }

    private final Random priorities = new Random(1);
    private @Nullable Node<T> root;

    void add(KeyRange range, T value) {
        root = add(root, range, endOf(range), value);
    }

    void remove(KeyRange range, T value) {
        root = remove(root, range, endOf(range), value);
    }

    void forEachCovering(ByteString key, Consumer<T> action) {
        visit(root, key, action);
    }

    /** All values, in the order of their ranges. */
    void forEach(Consumer<T> action) {
        visitAll(root, action);
    }

    private static <T> void visitAll(@Nullable Node<T> node, Consumer<T> action) {
        if (node != null) {
            visitAll(node.left, action);
            node.values.forEach(action);
            visitAll(node.right, action);
        }
    }

    private static ByteString endOf(KeyRange range) {
        ByteString end = range.end();
        if (end == null) {
            throw new IllegalArgumentException("one key is no range");
        }
        return end;
    }

    /** The empty end is beyond all others. */
    private static int compareEnds(ByteString a, ByteString b) {
        if (a.isEmpty() || b.isEmpty()) {
            return Boolean.compare(a.isEmpty(), b.isEmpty());
        }
        return KeyRange.ORDER.compare(a, b);
    }

    private static <T> int compare(Node<T> node, KeyRange range, ByteString end) {
        int order = KeyRange.ORDER.compare(range.begin(), node.range.begin());
        return order != 0 ? order : compareEnds(end, node.end);
    }

    private Node<T> add(@Nullable Node<T> node, KeyRange range, ByteString end, T value) {
        if (node == null) {
            Node<T> leaf = new Node<>(range, end, priorities.nextInt());
            leaf.values.add(value);
            return leaf;
        }
        int order = compare(node, range, end);
        if (order == 0) {
            node.values.add(value);
            return node;
        }
        if (order < 0) {
            Node<T> child = add(node.left, range, end, value);
            node.left = child;
            return child.priority > node.priority ? rotateRight(node, child) : updated(node);
        }
        Node<T> child = add(node.right, range, end, value);
        node.right = child;
        return child.priority > node.priority ? rotateLeft(node, child) : updated(node);
    }

    private @Nullable Node<T> remove(@Nullable Node<T> node, KeyRange range, ByteString end, T value) {
        if (node == null) {
            return null;
        }
        int order = compare(node, range, end);
        if (order < 0) {
            node.left = remove(node.left, range, end, value);
        } else if (order > 0) {
            node.right = remove(node.right, range, end, value);
        } else {
            node.values.remove(value);
            if (node.values.isEmpty()) {
                return merge(node.left, node.right);
            }
        }
        return updated(node);
    }

    private static <T> @Nullable Node<T> merge(@Nullable Node<T> left, @Nullable Node<T> right) {
        if (left == null) {
            return right;
        }
        if (right == null) {
            return left;
        }
        if (left.priority > right.priority) {
            left.right = merge(left.right, right);
            return updated(left);
        }
        right.left = merge(left, right.left);
        return updated(right);
    }

    private static <T> Node<T> rotateRight(Node<T> node, Node<T> left) {
        node.left = left.right;
        left.right = updated(node);
        return updated(left);
    }

    private static <T> Node<T> rotateLeft(Node<T> node, Node<T> right) {
        node.right = right.left;
        right.left = updated(node);
        return updated(right);
    }

    private static <T> Node<T> updated(Node<T> node) {
        node.update();
        return node;
    }

    private void visit(@Nullable Node<T> node, ByteString key, Consumer<T> action) {
        if (node == null || !reaches(node.farthest, key)) {
            return;
        }
        visit(node.left, key, action);
        if (KeyRange.ORDER.compare(node.range.begin(), key) <= 0) {
            if (reaches(node.end, key)) {
                node.values.forEach(action);
            }
            visit(node.right, key, action);
        }
    }

    private static boolean reaches(ByteString end, ByteString key) {
        return end.isEmpty() || KeyRange.ORDER.compare(end, key) > 0;
    }
}
