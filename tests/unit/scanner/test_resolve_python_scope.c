#include "resolution_fixture.h"

Test(resolve_python_scope, what_is_put_into_the_program_by_way_of_its_module_is_a_name_of_its_own)
{
    static const char *const sources[] = {
        "import sys\nsys.modules[__name__].i = __import__\ni('socket')",
        "import sys\nsys.modules['__main__'].i = __import__\ni('socket')",
        "import sys\nvars(sys.modules[__name__])['i'] = __import__\ni('socket')",
        "import sys\nsetattr(sys.modules[__name__], 'i', __import__)\ni('socket')",
        "import __main__\n__main__.i = __import__\ni('socket')",
        "import __main__ as m\nm.__dict__['i'] = __import__\ni('socket')",
        "globals().update({'i': __import__})\ni('socket')",
        "globals().setdefault('i', __import__)\ni('socket')",
        "globals().__setitem__('i', __import__)\ni('socket')",
        "n = 'json'\nglobals().update({'n': 'socket'})\n__import__(n)",
        "n = 'json'\nimport sys\nsys.modules[__name__].n = 'socket'\n__import__(n)",
        "vars(x)['i'] = __import__\nx.i('socket')",
    };
    for (size_t i = 0; i < SP_COUNT(sources); i++)
        expect_found(sources[i]);
    expect_nothing("import sys\nsys.modules[__name__].x = 1\nsetattr(sys.modules[__name__], n, 1)\nx = y");
    expect_nothing("import sys\nf(sys.modules[__name__])\ngetattr(sys.modules[__name__], n)");
    expect_nothing("globals().update(a)\nglobals().update({'a': 1}, b=2)\nglobals().setdefault('c', 3)");
}

/* A row in which something may be put, by whatever name, is not followed any more. */
Test(resolve_python_scope, what_may_be_changed_by_another_name_is_not_known)
{
    expect_dynamic("a = (['json'],)\na[0].insert(0, x)\n__import__(a[0][0])");
    expect_dynamic("a = 'ket soc'.split()\na.reverse()\n__import__(''.join(a))");
    expect_dynamic("i = iter('xjson')\nnext(i)\n__import__(''.join(i))");
    expect_dynamic("m = map(chr, [120, 97])\nnext(m)\n__import__(''.join(m))");
    expect_dynamic("b = bytearray(b'xocket')\nb[0] = 115\n__import__(b.decode())");
    expect_dynamic("b = memoryview(bytearray(b'xocket'))\nb[0] = 115\n__import__(b.tobytes().decode())");
    expect_found("x = [len] * 1\nx[0:] = [__import__]\nx[0]('socket')");
    expect_nothing("a = ('json', ('re',))\n__import__(a[0])");
}

/* Evaluated code may set names of the program: what they were given by it is still looked at. */
Test(resolve_python_scope, a_name_that_may_have_been_set_means_what_it_was_given_too)
{
    expect_way("m = 'socket'\nexec(f'import {m}')", "socket", SP_VIA_EVALUATED);
    expect_way("m = 'socket'\nexec('import {m}'.format(m=m))", "socket", SP_VIA_EVALUATED);
    expect_way("m = 'tpdlfu'\nexec('import ' + ''.join(chr(ord(c) - 1) for c in m))", "socket", SP_VIA_EVALUATED);
    expect_way("m = 'tekcos'\nf = lambda s: s[::-1]\nexec('import ' + f(m))", "socket", SP_VIA_EVALUATED);
}

Test(resolve_python_scope, the_builtins_are_reached_by_their_name_in_evaluated_text)
{
    expect_found("eval('__builtins__').__import__('socket')");
    expect_found("b = '__builtins__'\neval(b).__import__('socket')");
    expect_found("eval('getattr')(eval('__builtins__'), '__import__')('socket')");
    expect_found("import importlib._bootstrap as b\nb._load(b._find_spec('socket', None))");
    expect_dynamic("import ctypes\nctypes.pythonapi.PyImport_ImportModule(b'socket')");
}

Test(resolve_python_scope, a_function_that_is_changed_is_told)
{
    expect_dynamic("f = lambda n='json': n\nf.__defaults__ = ('socket',)\n__import__(f())");
    expect_dynamic("f = lambda: 'json'\nf.__code__ = (lambda: 'socket').__code__\n__import__(f())");
    expect_dynamic("def f(): import json\nf.__code__ = f.__code__.replace(co_names=('socket',))\nf()");
    expect_nothing("def f(a=1): pass\nprint(f.__defaults__, f.__code__.co_name)\nf.__doc__ = f.__name__ = 'x'");
}
