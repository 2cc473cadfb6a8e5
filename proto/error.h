#ifndef SP_PROTO_ERROR_H
#define SP_PROTO_ERROR_H

#include <stdbool.h>
#include <stdint.h>

/* Every error there is: identifier, name, what it means. A row's place is its number, so rows are only added at the end of
 * the last list; the public header and the manual page repeat them, held to these by a test. Functions return 0 or the
 * negative code; a code is forwarded unchanged by whoever cannot add to it. These are what a service answers. */
#define SP_FIRST_WIRE_ERRORS(X)                                                                                        \
    X(INVALID_REQUEST, "invalid_request", "the request is not valid")                                                  \
    X(UNKNOWN_METHOD, "unknown_method", "there is no such method")                                                     \
    X(TOO_LARGE, "too_large", "a size limit was exceeded")                                                             \
    X(TOO_DEEP, "too_deep", "a nesting limit was exceeded")                                                            \
    X(BUSY, "busy", "a queue is full; try again later")                                                                \
    X(DENIED, "denied", "the caller lacks the right")                                                                  \
    X(UNKNOWN_POLICY, "unknown_policy", "there is no such policy")                                                     \
    X(INVALID_POLICY, "invalid_policy", "the policy is not valid")                                                     \
    X(INVALID_PATTERN, "invalid_pattern", "the pattern is not valid")                                                  \
    X(UNSUPPORTED_LANGUAGE, "unsupported_language", "the language is not supported")                                   \
    X(INVALID_CODE, "invalid_code", "the code cannot be read as its interpreter would read it")                        \
    X(UNKNOWN_SESSION, "unknown_session", "there is no such session")                                                  \
    X(UNKNOWN_JOB, "unknown_job", "there is no such job")                                                              \
    X(RUNTIME_UNAVAILABLE, "runtime_unavailable", "the runtime is not available")                                      \
    X(IMAGE_MISSING, "image_missing", "the image is not there")                                                        \
    X(INSTALL_FAILED, "install_failed", "the libraries could not be installed")                                        \
    X(TIMED_OUT, "timed_out", "the time limit was reached")                                                            \
    X(CANCELLED, "cancelled", "the request was cancelled")                                                             \
    X(SHUTTING_DOWN, "shutting_down", "the service is shutting down")                                                  \
    X(INTERNAL, "internal", "an internal error")

/* These stay on their own side: on the wire they are called by sp_error_wire. */
#define SP_LOCAL_ERRORS(X)                                                                                             \
    X(NO_MEMORY, "no_memory", "out of memory")                                                                         \
    X(INVALID_CONFIG, "invalid_config", "the configuration is not valid")                                              \
    X(UNREACHABLE, "unreachable", "the service does not answer")                                                       \
    X(PROTOCOL, "protocol", "the peer does not speak the protocol")

/* Behind the others, since numbers stay what they were. */
#define SP_LATER_WIRE_ERRORS(X) X(NOT_APPLICABLE, "not_applicable", "the policy does not apply to the language")

#define SP_WIRE_ERRORS(X) SP_FIRST_WIRE_ERRORS(X) SP_LATER_WIRE_ERRORS(X)
#define SP_ERRORS(X)      SP_FIRST_WIRE_ERRORS(X) SP_LOCAL_ERRORS(X) SP_LATER_WIRE_ERRORS(X)

enum sp_error_number {
    SP_ERROR_NONE_,
#define X(id, name, text) SP_ERROR_NUMBER_##id,
    SP_ERRORS(X)
#undef X
        SP_ERROR_COUNT_
};

enum sp_error_code {
    SP_OK = 0,
#define X(id, name, text) SP_E##id = -SP_ERROR_NUMBER_##id,
    SP_ERRORS(X)
#undef X
};

/* Where and what went wrong; fixed size, owned by the caller, zero-initialised, may be NULL wherever it is taken. */
struct sp_error {
    int code;        /* SP_E…, 0 while nothing went wrong */
    uint32_t line;   /* 1-based place in a text, 0 without one */
    uint32_t column; /* 1-based, in code points */
    bool is_doubled; /* what is wrong is the second of two keys at the path */
    char path[128];  /* "patterns[3].severity", or empty; valid UTF-8 */
    char text[320];  /* a sentence without a full stop, valid UTF-8; never empty once set */
};

/* Sets code and text (printf form; NULL: the code's general text) unless an error is set already: the innermost, which
 * knows most, stands. Returns code, so that `return sp_error_set(error, SP_E…, …)` works. error may be NULL. */
int sp_error_set(struct sp_error *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same, with the path that it is wrong at; NULL: none. */
int sp_error_set_at(struct sp_error *error, int code, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts a segment before the path ("patterns[3]" before "severity"); a dot is put between where the path does not begin
 * with '['. */
void sp_error_prefix(struct sp_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The code as a service answers it: a local one becomes the wire's that says most. */
int sp_error_wire(int code);

/* Name and general text of a code; codes that are not ours count as SP_EINTERNAL. Static strings. */
const char *sp_error_name(int code);
const char *sp_error_text(int code);

/* SP_E… of a wire name, 0 where there is none. */
int sp_error_find(const char *name);

/* "path: text", or "text" without a path, into text (size bytes, always terminated). Returns text. */
const char *sp_error_format(const struct sp_error *error, char *text, unsigned long size);

/* An errno (positive) becomes a code of ours: ENOMEM SP_ENO_MEMORY, else SP_EINTERNAL; the text names what failed and why.
 * Returns the code. */
int sp_error_errno(struct sp_error *error, int positive_errno, const char *what);

#endif
