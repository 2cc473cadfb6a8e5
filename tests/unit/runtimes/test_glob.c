/* Globs of artifacts. */
#include "runtimes/runner/glob.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

Test(glob, matches_as_documented)
{
    static const struct {
        const char *glob, *path;
        bool match;
    } rows[] = {{"a", "a", true}, {"a", "b", false}, {"a", "ab", false}, {"ab", "a", false}, {"*", "a", true},
        {"*", "a/b", false}, {"*.txt", "a.txt", true}, {"*.txt", ".txt", false}, {".*", ".txt", true},
        {"*.txt", "a.txt/b", false}, {"a*b*c", "aXbYbZc", true}, {"a*b*c", "aXbYb", false}, {"a*", "a", true},
        {"**", "a", true}, {"**", "a/b/c", true}, {"**/*.txt", "a.txt", true}, {"**/*.txt", "x/y/a.txt", true},
        {"**/*.txt", "x/y/a.bin", false}, {"out/**", "out/a/b", true}, {"out/**", "other/a", false},
        {"out/**/z", "out/z", true}, {"out/**/z", "out/a/b/z", true}, {"out/**/z", "out/a/b/y", false},
        {"**/b/**/d", "a/b/c/d", true}, {"**/b/**/d", "a/c/d", false}, {"**", ".hidden", false},
        {"**/x", ".git/x", false}, {".git/*", ".git/x", true}, {"?", "a", true}, {"?", "\xc3\xbc", true},
        {"?", "ab", false}, {"?", "", false}, {"[ab]", "b", true}, {"[ab]", "c", false}, {"[!ab]", "c", true},
        {"[!ab]", "a", false}, {"[^ab]", "c", true}, {"[a-c]x", "bx", true}, {"[a-c]x", "dx", false},
        {"[]]", "]", true}, {"[!]]", "]", false}, {"[a-]", "-", true}, {"[", "[", true}, {"[ab", "[ab", true},
        {"[ab", "a", false}, {"\\*", "*", true}, {"\\*", "a", false}, {"a\\", "a\\", true}, {"/a", "a", false},
        {"a/", "a", false}, {"a//b", "a/b", false}, {"", "a", false}, {"../*", "a", false}, {"***", "ab", true},
        {"*?", "a", true}, {"*[b]", "ab", true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(sp_glob_match(sp_str_of(rows[i].glob), sp_str_of(rows[i].path)), rows[i].match, "%s on %s",
            rows[i].glob, rows[i].path);
}

static double seconds(struct sp_str glob, struct sp_str path)
{
    struct timespec a, b;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    bool match = sp_glob_match(glob, path);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    cr_expect(!match);
    return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
}

/* A recursive matcher takes longer than the universe for these. */
Test(glob, hostile_globs_are_quick, .timeout = 20)
{
    char stars[512], letters[255];
    for (size_t i = 0; i < sizeof stars; i += 2) {
        stars[i] = '*';
        stars[i + 1] = 'a';
    }
    stars[sizeof stars - 1] = 'b';
    memset(letters, 'a', sizeof letters);
    cr_expect_lt(seconds((struct sp_str){stars, sizeof stars}, (struct sp_str){letters, sizeof letters}), 1);
    char folders[600], path[255];
    for (size_t i = 0; i + 5 <= sizeof folders; i += 5)
        memcpy(folders + i, "**/a/", 5);
    folders[sizeof folders - 1] = 'b';
    for (size_t i = 0; i < sizeof path; i++)
        path[i] = i % 2 ? '/' : 'a';
    cr_expect_lt(seconds((struct sp_str){folders, sizeof folders}, (struct sp_str){path, sizeof path}), 1);
}
