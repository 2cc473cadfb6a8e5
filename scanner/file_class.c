/* What a file beside the code is to an interpreter: source, loadable without being readable, or data. Any thread; tables
 * only. Suffixes say what an interpreter takes a file for when it looks for modules; first bytes say what it takes it for
 * when it is handed over by name, whatever the suffix. */
#include <strings.h>

#include "proto/language.h"
#include "scanner/tongue.h"
#include "scanner/scanner.h"

#define ZIP_END_BYTES    22    /* the record at an archive's end, without its comment */
#define ZIP_SEARCH_BYTES 65557 /* the record and the longest comment */

/* Loaded by an interpreter, a linker or a virtual machine. */
static const char binary_suffixes[] = ".pyc .pyo .so .pyd .pth .egg .whl .pyz .pyzw .zip .jar .war .class .jmod .node "
                                      ".wasm .dll .dylib .exe .a .o .lib .bundle .gem .luac .rdata .rda .rds .rdb";

/* Zip archives that are documents: no interpreter looks for them. */
static const char document_suffixes[] = ".xlsx .xlsm .docx .pptx .odt .ods .odp .epub .npz .kmz .pages .numbers .key";

/* Source in languages that are none of ours. */
static const char foreign_suffixes[] = ".pl .pm .php .phtml .lua .tcl .awk .ps1 .bat .cmd .kt .kts .groovy .scala "
                                       ".clj .ex .exs .erl .jl .m .swift .rs .pyx .fish .csh";

/* Read by an interpreter when it starts or debugs, by their names: commands, or where to load from. */
static const char *const start_names[] = {".pdbrc", ".pythonrc", ".pythonrc.py", "pyvenv.cfg", "pybuilddir.txt",
    "sitecustomize.py", "usercustomize.py", ".Rprofile", ".Renviron", ".irbrc", ".noderc", ".bashrc", ".bash_profile",
    ".profile"};

static const struct {
    const char *bytes;
    uint8_t n_bytes;
} binary_magics[] = {
    {"\x7f"
     "ELF",
        4},
    {"PK\x03\x04", 4},
    {"\0asm", 4},
    {"\xca\xfe\xba\xbe", 4}, /* Java class, universal Mach-O */
    {"\xfe\xed\xfa\xce", 4},
    {"\xfe\xed\xfa\xcf", 4},
    {"\xce\xfa\xed\xfe", 4},
    {"\xcf\xfa\xed\xfe", 4},
    {"!<arch>\n", 8},
    {"BC\xc0\xde", 4}, /* LLVM bitcode */
    {"\x1bLua", 4},
    {"\x1bLJ", 3},
    {"RDX2\n", 5},
    {"RDX3\n", 5},
};

/* libx.so.1.2: digits behind a shared object's name. */
static bool is_shared_object(struct sp_str path)
{
    size_t n = path.n_bytes;
    while (n > 0 && ((path.ptr[n - 1] >= '0' && path.ptr[n - 1] <= '9') || path.ptr[n - 1] == '.'))
        n--;
    return n >= 3 && strncasecmp(path.ptr + n - 3, ".so", 3) == 0;
}

/* An archive is found from its end: whatever comes before it does not matter, and how long it says that its comment is
 * does not keep interpreters from loading it. */
static bool is_archive(struct sp_str data)
{
    if (data.n_bytes < ZIP_END_BYTES)
        return false;
    size_t floor = data.n_bytes > ZIP_SEARCH_BYTES ? data.n_bytes - ZIP_SEARCH_BYTES : 0;
    for (size_t i = data.n_bytes - ZIP_END_BYTES + 1; i > floor; i--) {
        const unsigned char *at = (const unsigned char *)data.ptr + i - 1;
        if (memcmp(at, "PK\x05\x06", 4) == 0)
            return true;
    }
    return false;
}

static bool is_program(struct sp_str data)
{
    for (size_t i = 0; i < sizeof(binary_magics) / sizeof(binary_magics[0]); i++)
        if (data.n_bytes >= binary_magics[i].n_bytes &&
            memcmp(data.ptr, binary_magics[i].bytes, binary_magics[i].n_bytes) == 0)
            return true;
    const unsigned char *bytes = (const unsigned char *)data.ptr;
    if (data.n_bytes >= 64 && bytes[0] == 'M' && bytes[1] == 'Z') {
        size_t at = bytes[60] | (size_t)bytes[61] << 8 | (size_t)bytes[62] << 16 | (size_t)bytes[63] << 24;
        return at <= data.n_bytes - 4 && memcmp(bytes + at, "PE\0\0", 4) == 0;
    }
    /* Compiled Python: a version's number, CR LF, flags of which two are known. */
    return data.n_bytes >= 16 && bytes[1] >= 0x0b && bytes[1] <= 0x1f && bytes[2] == '\r' && bytes[3] == '\n' &&
           bytes[4] <= 3 && bytes[5] == 0 && bytes[6] == 0 && bytes[7] == 0;
}

/* python311._pth too says where to load from. */
static bool is_start_file(struct sp_str path)
{
    while (memchr(path.ptr, '/', path.n_bytes)) {
        path.ptr++;
        path.n_bytes--;
    }
    for (size_t i = 0; i < sizeof(start_names) / sizeof(start_names[0]); i++)
        if (path.n_bytes == strlen(start_names[i]) && strncasecmp(path.ptr, start_names[i], path.n_bytes) == 0)
            return true;
    return path.n_bytes >= 5 && strncasecmp(path.ptr + path.n_bytes - 5, "._pth", 5) == 0;
}

static enum sp_file_class source_class(int language, int *ret_language)
{
    *ret_language = language;
    return sp_tongue_find(language) ? SP_FILE_SOURCE : SP_FILE_UNJUDGED;
}

enum sp_file_class sp_file_classify(struct sp_str path, struct sp_str data, int *ret_language)
{
    struct sp_str suffix = sp_language_suffix(path);
    if (sp_language_lists(binary_suffixes, suffix) || is_shared_object(path) || is_start_file(path))
        return SP_FILE_BINARY;
    int language = sp_language_of_path(path);
    if (language != SP_LANGUAGE_NONE && language != SP_LANGUAGE_TEXT)
        return source_class(language, ret_language);
    if (sp_language_lists(foreign_suffixes, suffix)) {
        *ret_language = SP_LANGUAGE_NONE;
        return SP_FILE_UNJUDGED;
    }
    bool document = sp_language_lists(document_suffixes, suffix) && data.n_bytes >= 2 && memcmp(data.ptr, "PK", 2) == 0;
    if (!document && (is_program(data) || is_archive(data)))
        return SP_FILE_BINARY;
    if (data.n_bytes >= 2 && data.ptr[0] == '#' && data.ptr[1] == '!')
        return source_class(sp_language_of_shebang(data), ret_language);
    return SP_FILE_DATA;
}
