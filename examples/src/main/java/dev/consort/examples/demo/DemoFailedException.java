/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

/** Something that the demo is there to show did not happen. */
final class DemoFailedException extends Exception {
    private static final long serialVersionUID = 1L;

    DemoFailedException(String message) {
        super(message);
    }
}
