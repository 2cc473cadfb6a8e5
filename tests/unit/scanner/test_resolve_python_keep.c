#include "resolution_fixture.h"

/* Reported: as a module that is found, or as something that stays unknown. */
static void expect_reported(const char *source)
{
    struct fixture f;
    resolve(&f, sp_str_of(source));
    cr_expect(
        f.resolution.dynamics.n_items > 0 || way_to(f.source, "socket", 8) != SP_VIA_COUNT, "passes:\n%s", source);
    sp_arena_fini(&f.arena);
}

Test(resolve_python_keep, a_row_that_is_only_looked_at_is_known)
{
    expect_nothing("names = ['json', 're']\nfor n in names:\n  __import__(n)\nprint('loaded %s' % names, f'{names}', "
                   "len(names), 'json' in names)");
    expect_nothing(
        "import importlib\ndeps = {'json': '1', 're': '2'}\nfor d, v in deps.items():\n  importlib.import_module(d)");
    expect_nothing(
        "import importlib\ndef check():\n  required = ['numpy', 'pandas']\n  missing = []\n  for r in required:\n    "
        "try: importlib.import_module(r)\n    except ImportError: missing.append(r)\n  return missing");
    expect_nothing("import importlib\nfor r in sorted(['numpy', 'pandas']): importlib.import_module(r)");
    expect_nothing("d = {'a': 'json', 'b': 're'}\n__import__(d[k])\n__import__(d.get(k, 'csv'))");
    expect_nothing("pairs = [('json', 1), ('re', 2)]\nfor n, k in pairs: __import__(n)");
    expect_nothing("names = [x for x in ('json', 're')]\nfor i, n in enumerate(names): __import__(n)");
    expect_nothing("names = ('json', 're')\nuse(names)\nfor n in names: __import__(n)");
    expect_nothing("import math\nfor f in ['sin', 'cos']: print(getattr(math, f)(1))");
    expect_nothing("import math\nOPS = {'s': 'sin', 'c': 'cos'}\ngetattr(math, OPS[input()])(1)");
    expect_nothing("names: list = ['json']\nif names:\n  for n in names: __import__(n)");
    expect_nothing("parts = ['js', 'on']\n__import__(''.join(parts))");
    expect_nothing("n = [chr(c) for c in (106, 115)]\n__import__(''.join(n))");
    expect_found("d = {'a': 'json', 'b': 'socket'}\n__import__(d.get(k))");
    expect_found("d = {'a': 'json', 'b': 'socket'}\n__import__(d[k])");
    expect_found("p = [('json', 1), ('socket', 2)]\nfor n, k in p: __import__(n)");
}

Test(resolve_python_keep, many_functions_in_a_dictionary_reach_no_bound)
{
    char source[900] = "from functools import partial\nd = {";
    for (char name = 'a'; name < 'm'; name++)
        snprintf(source + strlen(source), sizeof(source) - strlen(source), "'%c': partial(f, '%c'), ", name, name);
    strcat(source, "}\nd.get(x, x)(1)\n");
    expect_nothing(source);
    expect_reported("from functools import partial\nd = {'a': partial(exec), 'b': partial(f)}\nd.get(x)(input())");
}

/* Whatever gets hold of a list may put another name into it. */
Test(resolve_python_keep, a_row_that_is_handed_on_is_not)
{
    static const char *const ways[] = {
        "names.append(input())",
        "names[0] = input()",
        "names += [input()]",
        "m = names\nm.append(input())",
        "def f(x): x.append(input())\nf(names)",
        "def f(x=names): x.append(input())\nf()",
        "globals()['names'].append(input())",
        "globals().get('names').append(input())",
        "list(globals().values())[-1].append(input())",
        "vars()['names'].append(input())",
        "import __main__\n__main__.names.append(input())",
        "import __main__\ngetattr(__main__, 'na' + 'mes').append(input())",
        "import sys\nsys.modules[__name__].names.append(input())",
        "import sys\ngetattr(sys.modules[__name__], input()).append(input())",
        "import sys\nvars(sys.modules[__name__])[k].append(input())",
        "exec('names.append(input())')",
        "eval('names.append(input())')",
        "exec('na\\x6des.append(input())')",
        "exec('globals()[chr(110)+\"ames\"].append(input())')",
        "(lambda: names)().append(input())",
        "[names][0].append(input())",
        "x = (names,)\nx[0].append(input())",
        "d = {'a': names}\nd['a'].append(input())",
        "f = names.append\nf(input())",
        "list.append(names, input())",
        "import operator\noperator.iadd(names, [input()])",
        "next(iter([names])).append(input())",
        "iter(names).__reduce__()[1][0].append(input())",
        "for i in [names]: i.append(input())",
        "a, b = names, 1\na.append(input())",
        "with x(names) as y: y.append(input())",
        "def g(): yield names\nnext(g()).append(input())",
        "def g(): return names\ng().append(input())",
        "class C:\n  a = names\nC.a.append(input())",
        "class C: pass\nC.x = names\nC.x.append(input())",
        "print(names.__iadd__([input()]))",
        "del names[0]\nnames.insert(0, input())",
        "names[:] = [input()]",
        "names[0], x = input(), 1",
        "for names[0] in [input()]: pass",
        "def len(x): x.append(input())\nlen(names)",
        "import builtins\nbuiltins.len = lambda x: x.append(input())\nlen(names)",
        "from operator import iadd as len\nlen(names, [input()])",
        "for len in [lambda x: x.append(input())]: len(names)",
        "match names:\n  case x: x.append(input())",
        "if (x := names): x.append(input())",
        "def h():\n  global names\n  names = [input()]\nh()",
        "try: raise E(names)\nexcept E as e: e.args[0].append(input())",
        "t = x if y else names\nt.append(input())",
        "(names or 1).append(input())",
        "class X:\n  def __eq__(s, o): o.append(input())\nX() == names",
        "class X:\n  def __contains__(s, o): o.append(input())\nnames in X()",
        "min(names, names).append(input())",
        "sum((), names).append(input())",
        "import copy\ncopy.copy(x).append(input())\nmap(f, names)",
        "x = map(f, names)\nx.__reduce__()[1][1].append(input())",
        "f'{(x := names)}'\nx.append(input())",
        "f'{g(names)}'",
        "'{}'.format(g(names))",
        "for i in enumerate(g(names)): pass",
        "async def f():\n  await names",
        "@names.append\ndef f(): pass",
        "lambda x=names: x.append(input())",
        "import inspect\ninspect.currentframe().f_globals['names'].append(input())",
        "def o():\n  def i(): [names]\n  return i",
        "__builtins__['eval'](input())",
        "[x.append(input()) for x in [names]]",
        "{**{'a': names}}['a'].append(input())",
        "g(*[names])",
        "g(**{'a': names})",
        "import functools\nfunctools.partial(list.append, names)(input())",
        "import __main__ as m\nm.__dict__['names'].append(input())",
        "from __main__ import names as z\nz.append(input())",
        "import importlib\nimportlib.import_module(__name__).names.append(input())",
        "import importlib\ngetattr(importlib.import_module(__name__), k).append(input())",
    };
    char source[400];
    for (size_t i = 0; i < SP_COUNT(ways); i++) {
        snprintf(source, sizeof(source), "names = ['json', 're']\n%s\nfor n in names: __import__(n)\n", ways[i]);
        expect_reported(source);
    }
}

Test(resolve_python_keep, neither_is_one_that_lies_in_another_scope_or_row)
{
    expect_reported(
        "def f():\n  names = ['json']\n  def g(): names.append(input())\n  g()\n  for n in names: __import__(n)");
    expect_reported("def f():\n  names = ['json']\n  def g():\n    nonlocal names\n    names = input()\n  g()\n  for n "
                    "in names: __import__(n)");
    expect_reported("def f():\n  names = ['json']\n  def g(): return len(names)\n  "
                    "g.__closure__[0].cell_contents.append(input())\n  for n in names: __import__(n)");
    expect_reported(
        "def f():\n  names = ['json']\n  locals()['names'].append(input())\n  for n in names: __import__(n)");
    expect_reported("class C:\n  names = ['json']\n  for n in names: __import__(n)\n  def f(s):\n    for n in s.names: "
                    "__import__(n)\nC.names.append(input())");
    expect_reported("names = [['json']]\nfor a in names: a.append(input())\n__import__(names[0][0])");
    expect_reported("names = [['json']]\n__import__(names[0][0])\nx = names[0]\nx[0] = input()");
    expect_reported("d = {'a': 'json'}\nd.update(a=input())\n__import__(d[k])");
    expect_reported("d = {'a': 'json'}\nd['a'] = input()\n__import__(d.get(k))");
    expect_reported("d = {'a': 'json'}\nd.setdefault('b', input())\n__import__(d.get(k))");
    expect_reported("d = {'a': 'json'}\n__import__(d.get(k, input()))");
    expect_reported("d = {'a': 'json', 'b': input()}\n__import__(d.get(k))");
    expect_reported("d = {'a': exec}\nd[k](input())");
    expect_reported("d = {'a': 'json', **x}\n__import__(d[k])");
    expect_reported("a = b = ['json']\na.append(input())\n__import__(b[0])");
    expect_reported("it = iter(['json','socket'])\nnext(it)\n__import__(next(it))");
    expect_reported("it = map(str, ['json','socket'])\nnext(it)\n__import__(next(it))");
    expect_reported("names = ['json']\nnames.sort(key=lambda x: names.append(input()))\n__import__(names[0])");
    expect_reported("import math\nm = math\nm = __import__(m)\nm = input()\n__import__(m)");
    expect_reported("import pkgutil, math\npkgutil.get_loader(math).load_module('socket')");
}

Test(resolve_python_keep, what_is_made_by_a_call_may_be_changed_too)
{
    expect_reported("names = [x for x in ('json',)]\nnames.append('socket')\nfor n in names: __import__(n)");
    expect_reported("names = list(('json',))\nnames.append('socket')\nfor n in names: __import__(n)");
    expect_reported("names = 'json re'.split()\nnames[0] = 'socket'\nfor n in names: __import__(n)");
    expect_reported("names = sorted(['json','re'])\nnames.insert(0, 'socket')\n__import__(names[0])");
    expect_reported("names = ['json'] * 1\nnames[0] = 'socket'\n__import__(names[0])");
    expect_reported("names = ['json'] + []\nnames[0] = f()\n__import__(names[0])");
    expect_reported("x = ('json',)\nnames = [*x]\nnames[0] = f()\n__import__(names[0])");
    expect_reported("names = ['json'][:]\nnames[0] = f()\n__import__(names[0])");
    expect_reported("names = {'a': 'json'}.copy()\nnames['a'] = f()\n__import__(names['a'])");
    expect_reported("names = list({'a': 'json'})\nnames[0] = f()\n__import__(names[0])");
    expect_reported("names = dict(a='json')\nnames['a'] = f()\n__import__(names['a'])");
    expect_reported("names = ['json'] if x else ['re']\nnames[0] = f()\n__import__(names[0])");
    expect_reported("names = list('json')\nnames[0] = f()\n__import__(''.join(names))");
    expect_reported("names = bytearray(b'json')\nnames[0] = f()\n__import__(names.decode())");
}

Test(resolve_python_keep, a_tuple_and_a_list_of_the_same_are_two_meanings)
{
    expect_reported("x = ('json',) if a else ['json']\nx.append(input())\nfor n in x: __import__(n)");
    expect_reported("x = (('json',),) if a else (['json'],)\nx[0].append(input())\nfor n in x[0]: __import__(n)");
    expect_reported("x = (['json'],)\nx[0].append(input())\nfor n in x[0]: __import__(n)");
    expect_reported("x = b'json' if a else bytearray(b'json')\nx[0] = input()\n__import__(x.decode())");
}

Test(resolve_python_keep, a_name_of_the_module_may_be_set_through_its_dictionary)
{
    expect_reported("import __main__\nNAME = 'json'\n__main__.NAME = 'socket'\n__import__(NAME)");
    expect_reported("import __main__\nNAME = 'json'\nsetattr(__main__, 'NAME', input())\n__import__(NAME)");
    expect_reported("import sys\nNAME = 'json'\nsys.modules[__name__].NAME = input()\n__import__(NAME)");
    expect_reported("import sys\nNAME = 'json'\nsetattr(sys.modules[__name__], 'NAME', input())\n__import__(NAME)");
    expect_reported("NAME = 'json'\nglobals()['NAME'] = input()\n__import__(NAME)");
    expect_reported("NAME = 'json'\nglobals().update(NAME=input())\n__import__(NAME)");
    expect_reported("NAME = 'json'\nglobals().update({'NAME': input()})\n__import__(NAME)");
    expect_reported("NAME = 'json'\nglobals()[input()] = input()\n__import__(NAME)");
    expect_reported("NAME = 'json'\nglobals().update(f())\n__import__(NAME)");
    expect_reported("NAME = 'json'\nexec('NAME = input()')\n__import__(NAME)");
    expect_reported("NAME = 'json'\nglobals().__setitem__('NAME', input())\n__import__(NAME)");
    expect_reported("NAME = 'json'\nglobals().setdefault('NAME', input())\n__import__(NAME)");
    expect_reported("NAME = 'json'\nvars()['NAME'] = input()\n__import__(NAME)");
    expect_reported("NAME = 'json'\nlocals()['NAME'] = input()\n__import__(NAME)");
    expect_reported("NAME = 'json'\ng = globals()\ng |= {'NAME': input()}\n__import__(NAME)");
    expect_reported("import __main__\nNAME = 'json'\nvars(__main__)['NAME'] = input()\n__import__(NAME)");
    expect_reported("import __main__\nNAME = 'json'\n__main__.__dict__.update(NAME=input())\n__import__(NAME)");
    expect_found("globals().update({'print': exec})\nprint('import socket')");
    expect_found("globals().update(print=exec)\nprint('import socket')");
    expect_dynamic("globals()[k] = exec\nprint('import socket')");
    expect_dynamic("globals().setdefault(k, exec)\nfoo('import socket')");
    expect_nothing("NAME = 'json'\nexec('x = 1')\n__import__(NAME)");
    expect_nothing("NAME = 'json'\nglobals()['OTHER'] = x\n__import__(NAME)");
}

Test(resolve_python_keep, a_function_within_another_gets_what_its_calls_give_it)
{
    expect_nothing(
        "import math\ndef o(x):\n  def look(n): return getattr(math, n)\n  return look('sin')(x) + look('cos')(x)");
    expect_nothing("def o(x):\n  def imp(n, k=1): return __import__(n)\n  a = imp('json')\n  return imp('re', k=2).x");
    expect_nothing("def o(x):\n  def imp(n): return __import__(n)\n  for k in ('json', 're'): imp(k)");
    expect_found("def o(x):\n  def imp(n): return __import__(n)\n  imp('json'); imp('socket')");
}

Test(resolve_python_keep, of_a_function_that_is_handed_on_not_all_calls_are_seen)
{
    static const char *const ways[] = {
        "  imp(x)",
        "  imp(input())",
        "  imp('json'); imp(*x)",
        "  imp('json'); imp(**x)",
        "  imp('json')\n  return imp",
        "  imp('json')\n  g(imp)",
        "  imp('json')\n  y = imp\n  y(input())",
        "  imp('json')\n  for i in map(imp, [x]): pass",
        "  imp('json')\n  list(map(imp, [input()]))",
        "  imp('json')\n  sorted(x, key=imp)",
        "  imp('json')\n  locals()['imp'](input())",
        "  imp('json')\n  eval('imp(input())')",
        "  imp('json')\n  exec('imp(input())')",
        "  imp('json')\n  return lambda: imp",
        "  imp('json')\n  [imp][0](input())",
        "  imp('json')\n  x.y = imp",
        "  imp('json')\n  imp.__call__(input())",
        "  imp('json')\n  getattr(imp, '__call__')(input())",
        "  imp(n='json'); imp(n=x)",
        "  imp('json')\n  class C: f = imp",
        "  imp('json')\n  yield imp",
        "  imp('json')\n  def k(): imp(input())",
        "  imp('json')\n  k = lambda z: imp(z)",
        "  imp('json')\n  f'{(lambda f: f(input()))(imp)}'",
        "  imp('json')\n  list(filter(imp, [input()]))",
        "  imp('json')\n  with imp as f: f(input())",
        "  imp('socket')",
        "  return imp",
        "  pass",
        "  imp('json')\n  match imp:\n    case f: f(input())",
        "  imp('json')\n  (imp if x else 1)(input())",
        "  imp('json')\n  imp.__get__(1)\n  imp.__get__(input())()",
        "  imp('json')\n  imp.__wrapped__(input())",
        "  imp('json')\n  import functools\n  functools.partial(imp, input())()",
        "  imp('json')\n  o.imp = imp",
        "  imp('json')\n  if x: imp = g\n  imp(input())",
        "  imp('json')\n  return [x for imp in [imp]]",
    };
    char source[400];
    for (size_t i = 0; i < SP_COUNT(ways); i++) {
        snprintf(source, sizeof(source), "def o(x):\n  def imp(n): return __import__(n)\n%s\n", ways[i]);
        expect_reported(source);
    }
    expect_reported(
        "def o():\n  global imp\n  def imp(n): return __import__(n)\n  imp('json')\no()\nimport __main__ as m\nm.x");
    expect_reported("def o(x):\n  @x\n  def imp(n): return __import__(n)\n  imp('json')");
    expect_reported("class C:\n  def imp(n): return __import__(n)\n  imp('json')");
    expect_reported("def imp(n): return __import__(n)\nimp('json')");
    expect_reported("def o(x):\n  async def imp(*n): return __import__(n[0])\n  imp('json')");
    expect_reported("def o(x):\n  def imp(n, m=x): return __import__(m)\n  imp('json')");
    expect_reported("def o(x):\n  def imp(n):\n    n += x\n    return __import__(n)\n  imp('json')");
    expect_reported("def o(x):\n  def imp(n):\n    for n in x: __import__(n)\n  imp('json')");
    expect_reported("def o(x):\n  def imp(n):\n    def z(): \n      nonlocal n\n      n = input()\n    z()\n    "
                    "__import__(n)\n  imp('json')");
}
