#include <criterion/criterion.h>
#include <string.h>

#include "proto/language.h"
#include "proto/scope.h"
#include "scanner/fold_python.h"
#include "scanner/tongue.h"

/* What the expression is folded to as the one argument of f(); NULL: it is not. */
static const char *folded(const char *expression, struct sp_arena *arena)
{
    struct sp_span_list spans = {0};
    struct sp_resolution resolution = {0};
    const struct sp_tongue *python = sp_tongue_find(SP_LANGUAGE_PYTHON);
    struct sp_str source = sp_str_of(sp_arena_printf(arena, "f(%s)", expression));
    cr_assert(python->lex(source, SP_STR(""), arena, &spans, NULL) == 0);
    cr_assert(python->resolve(source, &spans, NULL, arena, &resolution, NULL) == 0);
    for (uint32_t i = 0; i < resolution.folded.n_items; i++) {
        const struct sp_folded *found = &resolution.folded.items[i];
        if (found->offset == 2 && found->length == strlen(expression))
            return sp_arena_copy(arena, found->value.ptr, found->value.n_bytes);
    }
    return NULL;
}

static void expect(const char *expression, const char *value)
{
    struct sp_arena arena;
    sp_arena_init(&arena, 64 << 20);
    const char *got = folded(expression, &arena);
    if (!value)
        cr_expect(!got, "%s: %s", expression, got);
    else
        cr_expect(got && strcmp(got, value) == 0, "%s: %s and not %s", expression, got ? got : "(nothing)", value);
    sp_arena_fini(&arena);
}

Test(fold_python, joins_literals)
{
    expect("'so' 'ck' \"et\"", "socket");
    expect("'so' + 'ck' + 'et'", "socket");
    expect("('so' + ('ck')) + 'et'", "socket");
    expect("b'so' + b'ck'", "sock");
    expect("'so' + b'ck'", NULL);
    expect("'ab' * 3", "ababab");
    expect("2 * 'ab'", "abab");
    expect("'so' + unknown", NULL);
}

Test(fold_python, decodes_escapes_that_spell_ascii)
{
    expect("'\\x73\\157\\u0063\\U0000006bet'", "socket");
    expect("'\\N{LATIN SMALL LETTER S}\\N{low line}\\N{FULL STOP}\\N{DIGIT ONE}'", "s_.1");
    expect("b'\\x73o'", "so");
    expect("'a\\nb'", NULL); /* an escape as everybody writes it: no other text than the source's */
    expect("r'\\x73' 'o'", "\\x73o");
    expect("'a\\\nb' 'c'", "abc");
}

Test(fold_python, formats)
{
    expect("'%s%s' % ('so', 'ck')", "sock");
    expect("'%s' % 'so'", "so");
    expect("'%c%c' % (115, 111)", "so");
    expect("'%(a)s!' % {'a': 'so'}", "so!");
    expect("'%02d%%' % 7", "07%");
    expect("'%.2s' % 'sock'", "so");
    expect("'%s' % unknown", NULL);
    expect("'%s%s' % ('so',)", NULL);
    expect("'%-4s|%4s|%r|%05d|%#x' % ('a', 'b', 'c', 7, 255)", "a   |   b|'c'|00007|0xff");
    expect("'%.*s' % (2, 'sock')", "so");
    expect("'%s' % ['so']", NULL); /* one argument, which is printed as a list */
    expect("'%d' % 'so'", NULL);
    expect("'{}{}'.format('so', 'ck')", "sock");
    expect("'{1}{0}{{}}'.format('ck', 'so')", "sock{}");
    expect("'{:>3}'.format('a')", "  a");
    expect("'{:*^5}{!r:>4}'.format('a', 'b')", "**a** 'b'");
    expect("'{0[1]}{a[k]}'.format(['x', 'so'], a={'k': 'ck'})", "sock");
    expect("'{:{}}'.format('a', 3)", "a  ");
    expect("'{:05d}{:#x}{:+}{:,}'.format(7, 255, 1, 12345)", "000070xff+112,345");
    expect("'{0.real}'.format(1)", NULL);
    expect("'{:.2f}'.format(1)", NULL);
    expect("'{:c}{:x}'.format(115, 255)", "sff");
    expect("'{b}{a}'.format(a='ck', b='so')", "sock");
    expect("'{b}{a}'.format_map({'a': 'ck', 'b': 'so'})", "sock");
    expect("'{c}'.format(a='ck')", NULL);
    expect("f\"{'so'}{'c' + 'k'}{1}\"", "sock1");
    expect("f'{{{\"so\"!s}}}'", "{so}");
    expect("f\"{'so'!r}\"", "'so'");
    expect("f\"{'so':>4}{255:x}\"", "  soff");
    expect("f\"{'so':{4}}\"", NULL);
    expect("f\"{'so'=}\"", NULL);
    expect("f'{unknown}'", NULL);
    expect("f'so' 'ck'", "sock");
}

Test(fold_python, knows_no_more_than_it_does)
{
    expect("''.join(sorted('cos', reverse=True))", "soc");
    expect("''.join(sorted('cos', key=len))", NULL);
    expect("max('a', 'b', key=len)", NULL);
    expect("b's\\0'.decode(encoding='utf-16-le')", "s");
    expect("b's\\xff'.decode(errors='ignore')", NULL);
    expect("str(b'so', errors='ignore')", NULL);
    expect("(1).to_bytes(length=2, byteorder='little')", "\1");
    expect("''.join({'so', 'ck'})", NULL); /* in no order that is known */
    expect("''.join(set('aa'))", "a");
    expect("list({'so', 'ck'})[0]", NULL);
    expect("''.join(sorted({'so', 'ck'}))", "ckso");
    expect("''.join({'so': 1, 'ck': 2, 'so': 3})", "sock");
    expect("''.join(filter(str.upper, 'so'))", "so");
    expect("''.join(filter(lambda c: c != 'x', 'sxox'))", "so");
    expect("'\xc3\x9f'.upper()", NULL);
    expect("'\xc2\xa0so'.strip()", NULL);
    expect("'\\N{EN DASH}' 'so'", NULL);
    expect("[unknown or 'so'][0]", NULL);
    expect("'sock'[True:]", "ock");
    expect("'sock'[None:2]", "so");
    expect("f(1 == 1 == 2) or 'so'", NULL);
}

Test(fold_python, walks_small_functions_and_comprehensions_with_what_they_are_given)
{
    expect("''.join(map(lambda c: chr(ord(c) - 1), 'tp'))", "so");
    expect("''.join(map(lambda a, b: a + b, 'sc', 'ok'))", "sock");
    expect("(lambda s, n=1: s[::-1] * n)('kcos')", "sock");
    expect("(lambda *a: ''.join(a))('so', 'ck')", "sock");
    expect("(lambda a, b: a * b)(b=2, a='so')", "soso");
    expect("''.join(x for w in ['so', 'ck'] for x in w if x != 'c' and not x.isupper())", "sok");
    expect("''.join(x + y for x, y in zip('sc', 'ok'))", "sock");
    expect("{v: k for k, v in {'so': 'ck'}.items()}['ck']", "so");
    expect("''.join([[c for c in w] for w in ['so']][0])", "so");
    expect("''.join(f(c) for c in 'so')", NULL);
}

Test(fold_python, slices_and_indexes)
{
    expect("'tekcos'[::-1]", "socket");
    expect("'xsockx'[1:-1]", "sock");
    expect("'s.o.c.k'[::2]", "sock");
    expect("'abc'[-1]", "c");
    expect("'abc'[9]", NULL);
    expect("'abc'[5:]", "");
    expect("'abc'[::0]", NULL);
    expect("'\xc3\xa9tk'[::-1]", "kt\xc3\xa9");
    expect("['a', 'os'][1]", "os");
    expect("('a', 'os')[-1]", "os");
    expect("{'k': 'os', 'k': 'sys'}['k']", "sys");
    expect("{'k': 'os'}['x']", NULL);
}

Test(fold_python, applies_methods_of_text)
{
    expect("''.join(['so', 'ck'])", "sock");
    expect("'-'.join(('a', 'b'))", "a-b");
    expect("''.join(['so', unknown])", NULL);
    expect("'SOCK'.lower()", "sock");
    expect("'sock'.upper().swapcase().title()", "Sock");
    expect("'s-o-c-k'.replace('-', '')", "sock");
    expect("'aaa'.replace('a', 'b', 2)", "bba");
    expect("'  sock '.strip()", "sock");
    expect("'xxsockxx'.strip('x')", "sock");
    expect("'a sock'.split()[1]", "sock");
    expect("'a,sock'.split(',')[1]", "sock");
    expect("'presock'.removeprefix('pre')", "sock");
    expect("str.lower('SOCK')", "sock");
    expect("'xyz'.translate(str.maketrans('xyz', 'soc'))", "soc");
    expect("'so'.__add__('ck')", "sock");
    expect("'sock'.encode().decode('ascii')", "sock");
    expect("'sock'.nosuch()", NULL);
}

Test(fold_python, applies_functions_that_only_compute)
{
    expect("chr(115) + chr(0x6f)", "so");
    expect("chr(ord('r') + 1)", "s");
    expect("chr(1 << 6 | 0x33)", "s");
    expect("str(12) + 'x'", "12x");
    expect("bytes([115, 111]).decode()", "so");
    expect("bytes((115, 999)).decode()", NULL);
    expect("bytes.fromhex('73 6f').decode()", "so");
    expect("chr(int('73', 16))", "s");
    expect("''.join(reversed('os'))", "so");
    expect("''.join(map(chr, [115, 111]))", "so");
    expect("''.join(chr(c ^ 1) for c in b'rn')", "so");
    expect("''.join([c for c in 's.o.' if c != '.'])", "so");
    expect("''.join(chr(c) for c in range(115, 117))", "st");
    expect("''.join(c for c in unknown)", NULL);
    expect("(29551).to_bytes(2, 'big').decode()", "so");
    expect("''.join(sorted('cos'))", "cos");
    expect("''.join(a for a, _ in zip('so', 'xy'))", "so");
    expect("''.join(str(i) + c for i, c in enumerate('ab'))", "0a1b");
}

static void expect_with(const char *import, const char *expression, const char *value)
{
    struct sp_arena arena;
    struct sp_span_list spans = {0};
    struct sp_resolution resolution = {0};
    const struct sp_tongue *python = sp_tongue_find(SP_LANGUAGE_PYTHON);
    sp_arena_init(&arena, 64 << 20);
    struct sp_str source = sp_str_of(sp_arena_printf(&arena, "%s\nf(%s)", import, expression));
    cr_assert(python->lex(source, SP_STR(""), &arena, &spans, NULL) == 0);
    cr_assert(python->resolve(source, &spans, NULL, &arena, &resolution, NULL) == 0);
    uint32_t n = resolution.folded.n_items;
    cr_expect(n > 0 && sp_str_is(resolution.folded.items[n - 1].value, value), "%s", expression);
    sp_arena_fini(&arena);
}

Test(fold_python, decodes_codecs)
{
    expect_with("import base64", "base64.b64decode('c29ja2V0')", "socket");
    expect_with("from base64 import b64decode as d", "d(b'c29j\\na2V0').decode()", "socket");
    expect_with("import base64 as b", "b.b32decode('ONXWG23FOQ======')", "socket");
    expect_with("import base64 as b", "b.b16decode('736F')", "so");
    expect_with("import base64 as b", "b.b85decode('b8lm7Wd')", "socke");
    expect_with("import base64 as b", "b.a85decode('F)PQ(AH')", "socke");
    expect_with("import binascii", "binascii.unhexlify('736f')", "so");
    expect_with("import codecs", "codecs.decode('fbpxrg', 'rot13')", "socket");
    expect_with("import codecs", "codecs.decode('736f', 'hex')", "so");
    expect_with("import codecs", "codecs.decode('fbpx', encoding='rot13')", "sock");
    expect_with("import base64", "base64.b64decode('c29-j')", "soc"); /* what is no digit is passed over */
    expect_with("import base64", "base64.b64decode('=c29j')", "soc");
    expect_with("import base64", "base64.urlsafe_b64decode('Pz8-')", "?\?>");
    expect_with("import string", "string.ascii_lowercase[18] + string.ascii_lowercase[14]", "so");
    expect_with("", "b's\\0o\\0'.decode('utf-16-le')", "so");
}

Test(fold_python, follows_variables)
{
    expect_with("a, b = 'so', 'ck'", "a + b", "sock");
    expect_with("a = 'sock'\nb = a[2:]", "b", "ck");
    expect_with("def g(s): return ''.join(chr(ord(c) - 1) for c in s)", "g('tp')", "so");
}

Test(fold_python, stops_at_its_bound)
{
    expect("'x' * 65537", NULL);
    expect("('x' * 65536)[-1]", "x");
    expect("'x' * 9223372036854775807", NULL);
    expect("chr(9007199254740992 * 9007199254740992)", NULL);
    expect("chr(1 // 0)", NULL);
    expect("chr(2 ** 99999)", NULL);
}

Test(fold_python, rows_of_rows_are_compared_within_a_bound, .timeout = 20)
{
    enum { WIDE = 4096 };
    static struct sp_python_value leaves[2], rows[3][2];
    static const struct sp_python_value *items[3][2][WIDE];
    for (int side = 0; side < 2; side++) {
        leaves[side].kind = SP_PYTHON_VALUE_NUMBER;
        const struct sp_python_value *inner = &leaves[side];
        for (int depth = 0; depth < 3; depth++) {
            for (int i = 0; i < WIDE; i++)
                items[depth][side][i] = inner;
            rows[depth][side] = (struct sp_python_value){
                .kind = SP_PYTHON_VALUE_SEQUENCE, .items = items[depth][side], .n_items = WIDE};
            inner = &rows[depth][side];
        }
    }
    cr_expect(sp_fold_python_equal(&rows[0][0], &rows[0][1], 3));
    cr_expect(!sp_fold_python_equal(&rows[2][0], &rows[2][1], 3), "sixty thousand million items");
    cr_expect(sp_fold_python_equal(&rows[2][0], &rows[2][0], 3));
}

Test(fold_python, a_look_at_a_long_text_is_paid_for)
{
    struct sp_arena arena;
    sp_arena_init(&arena, 1 << 20);
    static char blanks[50000];
    memset(blanks, ' ', sizeof(blanks));
    struct sp_fold_python fold = {.arena = &arena, .left_bytes = 100000};
    struct sp_python_value text = {.kind = SP_PYTHON_VALUE_TEXT, .text = {blanks, sizeof(blanks)}};
    int n_looks = 0;
    while (sp_fold_python_method(&fold, &text, SP_STR("strip"), NULL, 0, NULL) && n_looks < 1000)
        n_looks++;
    cr_expect(fold.spent && n_looks < 20, "%d", n_looks);
    sp_arena_fini(&arena);
}
