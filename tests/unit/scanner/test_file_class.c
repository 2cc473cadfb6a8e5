#include <criterion/criterion.h>

#include "proto/language.h"
#include "proto/scope.h"
#include "scanner/scanner.h"

static const char *const class_names[] = {"data", "source", "unjudged", "binary"};

static void expect(const char *path, struct sp_str data, enum sp_file_class class, int language)
{
    int got_language = -99;
    enum sp_file_class got = sp_file_classify(sp_str_of(path), data, &got_language);
    cr_expect(got == class, "%s: %s and not %s", path, class_names[got], class_names[class]);
    if (class == SP_FILE_SOURCE || class == SP_FILE_UNJUDGED)
        cr_expect(got_language == language, "%s: language %d", path, got_language);
}

Test(file_class, takes_source_by_its_suffix)
{
    expect("helper.py", SP_STR("x = 1"), SP_FILE_SOURCE, SP_LANGUAGE_PYTHON);
    expect("pkg/__main__.py", SP_STR(""), SP_FILE_SOURCE, SP_LANGUAGE_PYTHON);
    expect("A.PYW", SP_STR(""), SP_FILE_SOURCE, SP_LANGUAGE_PYTHON);
    expect("tool.pl", SP_STR("system('ls')"), SP_FILE_UNJUDGED, SP_LANGUAGE_NONE);
}

Test(file_class, takes_source_by_its_shebang)
{
    expect("tool", SP_STR("#!/usr/bin/env python3 -u\nimport os\n"), SP_FILE_SOURCE, SP_LANGUAGE_PYTHON);
    expect("notes.txt", SP_STR("#!/usr/bin/python3\n"), SP_FILE_SOURCE, SP_LANGUAGE_PYTHON);
    expect("rows.csv", SP_STR("#!/usr/bin/python3.11\n"), SP_FILE_SOURCE, SP_LANGUAGE_PYTHON);
    expect("tool", SP_STR("#!/usr/bin/perl\n"), SP_FILE_UNJUDGED, SP_LANGUAGE_NONE);
}

Test(file_class, tells_data)
{
    expect("rows.csv", SP_STR("a,b\n1,2\n"), SP_FILE_DATA, 0);
    expect("notes.txt", SP_STR("import os"), SP_FILE_DATA, 0);
    expect("Makefile", SP_STR("all:\n"), SP_FILE_DATA, 0);
    expect("empty", SP_STR(""), SP_FILE_DATA, 0);
    expect(".py/rows", SP_STR("x"), SP_FILE_DATA, 0);
    expect("table.xlsx", SP_STR("PK\x03\x04 and what a document holds"), SP_FILE_DATA, 0);
    expect("photo.jpg", SP_STR("\xff\xd8\xff\xe0 and what a picture holds, at some length"), SP_FILE_DATA, 0);
}

Test(file_class, refuses_what_is_loaded_unread_by_its_suffix)
{
    static const char *const paths[] = {"m.pyc", "m.PYC", "m.pyo", "m.so", "m.cpython-311-x86_64-linux-gnu.so",
        "libx.so.1", "libx.so.1.2", "m.pyd", "x.pth", "p.egg", "p.whl", "p.pyz", "p.zip", "A.class", "a.jar", "n.node",
        "w.wasm"};
    for (size_t i = 0; i < SP_COUNT(paths); i++)
        expect(paths[i], SP_STR("x"), SP_FILE_BINARY, 0);
}

Test(file_class, refuses_what_is_loaded_unread_by_its_first_bytes)
{
    static const struct sp_str datas[] = {
        {"\x7f"
         "ELF\x02\x01\x01",
            7},
        {"PK\x03\x04rest", 8},
        {"\xa7\x0d\r\n\0\0\0\0\1\2\3\4\5\6\7\0", 16},
        {"\0asm\1\0\0\0", 8},
        {"\xca\xfe\xba\xbe\0\0", 6},
        {"!<arch>\n", 8},
    };
    for (size_t i = 0; i < SP_COUNT(datas); i++) {
        expect("data", datas[i], SP_FILE_BINARY, 0);
        expect("data.csv", datas[i], SP_FILE_BINARY, 0);
    }
    expect("table.xlsx", datas[0], SP_FILE_BINARY, 0);
}

Test(file_class, finds_an_archive_behind_other_data)
{
    char data[400];
    memset(data, 'x', sizeof(data));
    memset(data + 300, 0, 22);
    memcpy(data + 300, "PK\x05\x06", 4);
    data[320] = 78; /* a comment to the end */
    expect("data", (struct sp_str){data, sizeof(data)}, SP_FILE_BINARY, 0);
    data[320] = data[321] = (char)0xff; /* one that is not there: loaded all the same */
    expect("data", (struct sp_str){data, sizeof(data)}, SP_FILE_BINARY, 0);
    data[300] = 'x';
    expect("data", (struct sp_str){data, sizeof(data)}, SP_FILE_DATA, 0);
}

Test(file_class, refuses_what_interpreters_read_by_its_name)
{
    static const char *const paths[] = {".pdbrc", "a/.pdbrc", ".PDBRC", ".pythonrc", "pyvenv.cfg", "sitecustomize.py",
        "usercustomize.py", "x.pth", "python._pth", "a/python311._pth"};
    for (size_t i = 0; i < SP_COUNT(paths); i++)
        expect(paths[i], SP_STR("x"), SP_FILE_BINARY, 0);
    expect("pdbrc", SP_STR("x"), SP_FILE_DATA, 0);
    expect("notes.cfg", SP_STR("x"), SP_FILE_DATA, 0);
}
