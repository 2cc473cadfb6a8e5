#ifndef SP_SCANNER_SCANNER_H
#define SP_SCANNER_SCANNER_H

/* The scanner's one outward header: policies, scans, verdicts, explanations. A pure library: no I/O, no clock, no
 * threads of its own, no logging. A policy is immutable and shared by any number of threads; a scanner belongs to one
 * thread at a time and holds what a scan reuses. */

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/buffer.h"
#include "proto/error.h"
#include "proto/str.h"

enum sp_severity { SP_SEVERITY_SAFE, SP_SEVERITY_LOW, SP_SEVERITY_MEDIUM, SP_SEVERITY_HIGH, SP_SEVERITY_COUNT };

enum sp_finding_kind {
    SP_FINDING_PATTERN,
    SP_FINDING_MODULE,
    SP_FINDING_DYNAMIC,
    SP_FINDING_ENCODING,
    SP_FINDING_UNICODE,
    SP_FINDING_LIMIT,
    SP_FINDING_COUNT
};

/* How a finding was reached, in rising strength: where several apply, the strongest is told. */
enum sp_via { SP_VIA_DIRECT, SP_VIA_CALL, SP_VIA_ALIAS, SP_VIA_FOLDED, SP_VIA_EVALUATED, SP_VIA_LIMIT, SP_VIA_COUNT };

/* Names on the wire. Static. */
const char *sp_severity_name(enum sp_severity severity);
const char *sp_finding_kind_name(enum sp_finding_kind kind);
const char *sp_via_name(enum sp_via via);

/* ---- policies ---- */

struct sp_policy;       /* compiled; immutable, reference-counted, any thread */
struct sp_policy_model; /* decoded and checked, not compiled; what an id is computed over */

/* A note about a policy that is valid but perhaps not meant so ("severity_threshold is missing; medium is used"). */
struct sp_policy_warning {
    char path[128];
    char text[320];
};

/* Decodes and checks a policy's map (strings may be str or bin). On failure SP_EINVALID_POLICY or SP_EINVALID_PATTERN
 * with the path. The model copies what it keeps. Cheap: no database is built. */
int sp_policy_model_new(const msgpack_object *object, struct sp_policy_model **ret_model, struct sp_error *error);
void sp_policy_model_free(struct sp_policy_model *model);

/* "sha256:<64 hex>", over the decoded policy with defaults filled in and its name left out. */
const char *sp_policy_model_id(const struct sp_policy_model *model);
/* The policy's `name`, or NULL. */
const char *sp_policy_model_name(const struct sp_policy_model *model);

/* Notes of a model that is valid; borrowed. They hang on the text, not the id: a threshold that is missing and one that is
 * written out give the same id. */
size_t sp_policy_model_warnings(const struct sp_policy_model *model, const struct sp_policy_warning **ret_warnings);
/* The policy as a map with its defaults filled in, name included. */
int sp_policy_model_pack(const struct sp_policy_model *model, struct sp_buffer *buffer);

/* A policy that comes with Sallyport, as the YAML text that its users can copy. All static. */
struct sp_preset {
    const char *name, *summary;
    struct sp_str yaml;
};
/* From the one that refuses least to the one that refuses most. */
const struct sp_preset *sp_preset_all(size_t *ret_n_presets);
/* NULL where there is none of that name. */
const struct sp_preset *sp_preset_find(struct sp_str name);
/* The one that judges where nobody names one and the operator has set none: blocks nothing, reports what it sees. */
#define SP_PRESET_DEFAULT "default"

/* Builds the databases: milliseconds to seconds of CPU; never called on a scanning thread. The model is consumed only
 * on success. SP_EINVALID_PATTERN, SP_ETOO_LARGE, SP_ENO_MEMORY. The new policy has one reference. */
int sp_policy_compile(struct sp_policy_model *model, struct sp_policy **ret_policy, struct sp_error *error);
/* Any thread. ref returns its argument; the last unref frees, and takes NULL. */
struct sp_policy *sp_policy_ref(struct sp_policy *policy);
void sp_policy_unref(struct sp_policy *policy);

const char *sp_policy_id(const struct sp_policy *policy);
const char *sp_policy_name(const struct sp_policy *policy);
size_t sp_policy_bytes(const struct sp_policy *policy); /* memory held, for quotas */
size_t sp_policy_warnings(const struct sp_policy *policy, const struct sp_policy_warning **ret_warnings);
/* Does the policy's `language` admit this language? (A policy without one admits all.) language: proto/language.h */
bool sp_policy_serves(const struct sp_policy *policy, int language);
/* The policy as a map with its defaults filled in, name included: what policy.get answers. */
int sp_policy_pack(const struct sp_policy *policy, struct sp_buffer *buffer);
/* Grades for `policy check`: a list of {rule, pattern, ascii: grade, utf8: grade}. */
int sp_policy_pack_grades(const struct sp_policy *policy, struct sp_buffer *buffer);

/* ---- scans ---- */

struct sp_scanner; /* one a thread */

int sp_scanner_new(struct sp_scanner **ret_scanner, struct sp_error *error);
void sp_scanner_free(struct sp_scanner *scanner);

/* Files that run as one program and may import each other: what one takes from another is followed. Immutable; files and
 * codes must outlive it. */
struct sp_program;

struct sp_program_file {
    struct sp_str path; /* absent: what is started */
    struct sp_str code, language;
};

/* Walks all files, several times: as long as a scan of each, about. SP_ENO_MEMORY, SP_ETOO_LARGE. */
int sp_program_new(
    const struct sp_program_file *files, size_t n_files, struct sp_program **ret_program, struct sp_error *error);
void sp_program_free(struct sp_program *program);

#define SP_SCAN_POLICIES_MAX 4
#define SP_SCAN_VIOLATIONS   1000

struct sp_scan_options {
    struct sp_str language; /* "python", "python:3.11", … as the request has it */
    const struct sp_policy *const *policies;
    size_t n_policies;     /* 0..SP_SCAN_POLICIES_MAX; all judge, the findings of all are told */
    size_t violations_max; /* how many are told; 0: SP_SCAN_VIOLATIONS */
    /* What is to be run: NUL, invalid UTF-8 and a declared encoding other than UTF-8 or ASCII are SP_EINVALID_CODE
     * (line and column in the error) instead of findings. */
    bool strict_encoding;
    /* The file is one of a program's, and takes from the others what they give it. NULL: it stands alone. */
    const struct sp_program *program;
    size_t program_file;
};

struct sp_finding {
    const struct sp_policy *policy; /* NULL: of the scanner itself (kind encoding, limit) */
    const char *rule;               /* the rule's id, "patterns[3]", "restricted_modules[os]", … */
    enum sp_finding_kind kind;
    enum sp_severity severity;
    enum sp_via via;
    bool blocking;
    bool truncated_text;
    const char *description;
    const char *fix, *cwe, *url; /* NULL where the rule has none */
    size_t offset, length;       /* bytes into the source as it came */
    uint32_t line, column;       /* 1-based; column in code points */
    struct sp_str text;          /* at most 200 bytes of what matched, cut at a code point */
    bool has_inner;              /* inside evaluated code: place in the decoded text */
    size_t inner_offset;
    uint32_t inner_line, inner_column;
};

struct sp_verdict {
    bool safe;
    bool truncated;
    const char *language; /* the canonical name, without dialect */
    const struct sp_policy *const *policies;
    size_t n_policies;
    uint8_t sha256[32];
    size_t size_bytes;
    const struct sp_finding *findings; /* ordered by offset, then rule */
    size_t n_findings;
    size_t counts[SP_SEVERITY_COUNT]; /* exact, also where truncated */
    const struct sp_str *modules;     /* canonical names, sorted, each once */
    size_t n_modules;
};

/* Judges code. The verdict's memory is the arena's and the policies'; code must outlive it. Errors: SP_EUNSUPPORTED_LANGUAGE,
 * SP_ENOT_APPLICABLE (a policy that does not serve the language), SP_EINVALID_CODE, SP_ENO_MEMORY, SP_ETOO_LARGE (the
 * arena's bound). A bound of the scan itself is never an error and never a pass: it is a finding of kind limit. */
int sp_scan(struct sp_scanner *scanner, const struct sp_scan_options *options, struct sp_str code,
    struct sp_arena *arena, struct sp_verdict *ret_verdict, struct sp_error *error);

/* The verdict as the wire's map. extra_pairs: how many key/value pairs the caller will append to the same map. */
int sp_verdict_pack(const struct sp_verdict *verdict, unsigned extra_pairs, struct sp_buffer *buffer);

/* What the scanner sees, as the map of `explain --json`. Errors as sp_scan. */
int sp_explain(struct sp_scanner *scanner, const struct sp_scan_options *options, struct sp_str code,
    struct sp_arena *arena, struct sp_buffer *buffer, struct sp_error *error);

/* ---- files beside the code, for the gate ---- */

enum sp_file_class {
    SP_FILE_DATA,     /* no interpreter loads it as code */
    SP_FILE_SOURCE,   /* source in a language with a lexer: to be judged */
    SP_FILE_UNJUDGED, /* source in a language without a lexer: refused */
    SP_FILE_BINARY    /* loaded by an interpreter, read by no lexer: refused unless the operator allows it */
};

/* Classes a file by its suffix, else by its shebang, else by what an interpreter recognises in its first bytes (a zip
 * archive, ELF, …). ret_language: proto/language.h, set for SOURCE and UNJUDGED (there SP_LANGUAGE_NONE, where it is
 * source in a language that is none of ours, or a shebang names no interpreter of ours). */
enum sp_file_class sp_file_classify(struct sp_str path, struct sp_str data, int *ret_language);

#endif
