/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * JSON as Go's {@code encoding/json} writes it, and read without a word of what it says in any message: that is for those who look
 * for the service. Thread-safe.
 */
final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper(
                    new JsonFactoryBuilder().characterEscapes(new GoEscapes()).build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private Json() {}

    static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    static String write(JsonNode value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("cannot be written as JSON", e);
        }
    }

    static JsonNode read(String what, String text) {
        JsonNode read;
        try {
            read = MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(what + " is no JSON" + at(e)); // its message would show the value
        }
        if (read.isMissingNode()) {
            throw new IllegalArgumentException(what + " is no JSON: it is empty");
        }
        return read;
    }

    private static String at(JsonProcessingException e) {
        return e.getLocation() == null
                ? ""
                : ": line " + e.getLocation().getLineNr() + ", column "
                        + e.getLocation().getColumnNr();
    }

    static JsonNode readObject(String what, String text) {
        JsonNode read = read(what, text);
        if (!read.isObject()) {
            throw new IllegalArgumentException(what + " is no JSON object");
        }
        return read;
    }

    static String text(JsonNode of, String field) {
        JsonNode value = of.get(field);
        if (value == null || !value.isTextual()) {
            throw new IllegalArgumentException("'" + field + "' is " + (value == null ? "missing" : "no text"));
        }
        return value.textValue();
    }

    static int number(JsonNode of, String field, int otherwise) {
        JsonNode value = of.get(field);
        if (value == null) {
            return otherwise;
        }
        if (!value.isIntegralNumber() || !value.canConvertToInt()) {
            throw new IllegalArgumentException("'" + field + "' is no number of 32 bits");
        }
        return value.intValue();
    }

    static JsonNode objectOf(JsonNode of, String field) {
        JsonNode value = of.get(field);
        if (value == null || !value.isObject()) {
            throw new IllegalArgumentException("'" + field + "' is no object");
        }
        return value;
    }

    /** Beyond what must be escaped, what a page or a script might take for its own; in small hexadecimal digits. */
    private static final class GoEscapes extends CharacterEscapes {
        private static final long serialVersionUID = 1L;
        private static final String BEYOND = "<>&\u2028\u2029";
        private static final String SHORT = "\b\f\n\r\t\"\\";

        @Override
        public int[] getEscapeCodesForAscii() {
            int[] codes = standardAsciiEscapesForJSON();
            for (int c = 0; c < codes.length; c++) {
                if (isLong((char) c)) {
                    codes[c] = ESCAPE_CUSTOM;
                }
            }
            return codes;
        }

        @Override
        public @Nullable SerializableString getEscapeSequence(int c) {
            return isLong((char) c) ? new SerializedString(String.format("\\u%04x", c)) : null;
        }

        private static boolean isLong(char c) {
            return (c < ' ' && SHORT.indexOf(c) < 0) || BEYOND.indexOf(c) >= 0;
        }
    }
}
