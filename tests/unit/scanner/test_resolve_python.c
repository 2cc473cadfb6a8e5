#include "resolution_fixture.h"

Test(resolve_python, finds_imports_in_every_form)
{
    static const char *const sources[] = {
        "import socket", "import socket.x.y as z", "import json, socket", "import json as j, socket as s",
        "import json,socket;x=1", "x = 1;import socket", "if 1:import socket", "if 1: pass\nelse: import socket",
        "from socket import*", "from socket import x as y, z", "from socket import (  # ) a\n  x,  # b\n  y as z,\n)",
        "from \\\n  socket \\\n  import x", "import \\\r\n socket",
        "try:\n\timport socket\nexcept ImportError:\n\tpass", "try: pass\nexcept* OSError: import socket",
        "def f():\n  def g():\n    import socket", "async def f():\n  async with a as b:\n    import socket",
        "class A:\n  import socket", "while 0:\n  import socket", "for x in y: import socket",
        "with a as b, c: import socket", "match x:\n  case [1, *r] if r: import socket", "lambda: 0; import socket",
        "x = '#'; import socket", "x = '''\n'''; import socket", "\xef\xbb\xbfimport socket", "\fimport socket",
        "import json\rimport socket\r",
        "import \xef\xbd\x93\xef\xbd\x8f\xef\xbd\x83\xef\xbd\x8b\xef\xbd\x85\xef\xbd\x94", /* fullwidth letters */
    };
    for (size_t i = 0; i < SP_COUNT(sources); i++)
        expect_way(sources[i], "socket", SP_VIA_DIRECT);
}

Test(resolve_python, finds_imports_behind_the_name_that_a_with_binds)
{
    expect_found("with a as b, __import__('socket') as c: pass");
    expect_found("with a as b, __import__('socket'): pass");
    expect_found("with a as b.c, d as (e, f), \\\n __import__('socket') as g: pass");
    expect_found("async def f():\n  async with a as b[0], __import__('socket'): pass");
}

Test(resolve_python, finds_imports_in_broken_code)
{
    expect_found("x = (1,\nimport socket");
    expect_found("foo(\n  def f():\n    import socket");
    expect_found("x = ( import socket");
    expect_found("] } )\nimport socket");
    expect_found("from x import (a\nimport socket");
    expect_found("import (socket)");
    expect_found("x = 'abc\nimport socket");
    expect_found("  import socket\n import json");
    expect_found("else:\n  import socket");
    expect_found("def f(:\n  import socket");
    expect_found("(\nfrom socket import x");
}

Test(resolve_python, finds_nothing_in_innocents)
{
    expect_nothing("# import socket");
    expect_nothing("'import socket'\n\"\"\"\nimport socket\n\"\"\"");
    expect_nothing("x = b'import socket'; y = r'import socket'");
    expect_nothing("f'import socket {x} {{__import__(\"socket\")}}'");
    expect_nothing("'{__import__(\"socket\")}'");
    expect_nothing("import sockets, my.socket");
    expect_nothing("from my import socket");
    expect_nothing("from . import socket\nfrom .socket import x\nfrom ..socket.y import z\nfrom ... import socket");
    expect_nothing("import json as socket\nsocket.loads(x)");
    expect_nothing("def f(socket, import_socket=1): return socket\nf(socket=3)");
    expect_nothing("a.socket = 1\nprint(a.socket)\nsocket = [1]\nsocket.append(2)");
    expect_nothing("getattr(x, y); setattr(x, y, 1); x.__dict__[y]");
    expect_nothing("import re\nre.compile(x)\nfrom re import compile\ncompile(x)");
    expect_nothing("def compile(x): return x\ncompile(y)");
    expect_nothing("def f(exec): return exec(x)");
    expect_nothing("df.eval('a + b'); m.exec(x)");
    expect_nothing("import sys\nsys.modules[__name__]\nprint(sys.path, list(sys.modules))");
    expect_nothing("from ast import literal_eval\nliteral_eval(x)");
    expect_nothing("match = re_match(x)\ncase = 1\nmatch(x)\nprint(match, case)");
    expect_nothing("import pickle\npickle.loads(data)");
    expect_nothing("d = {}\nd[k] = print\nd[k]('import socket')");
    expect_nothing("def f(*a, **k): return g(*a, **k)\nf(1)");
    expect_nothing(
        "match p:\n  case Point(x=a, y=[b, 1 | 2 as c]) as q if a if b else c: print(q)\n  case socket.x: pass");
    expect_nothing("match globals_of:\n  case {'os': x, **rest}: print(x, rest)");
    expect_nothing("class A:\n  __call__ = print\n  __hash__ = None\n  __getitem__ = staticmethod(len)\n"
                   "  def __getattribute__(self, n): return super().__getattribute__(n)");
    expect_nothing("def f(self, n): return object.__getattribute__(self, n) or type(self).__getattribute__(self, n)");
    expect_nothing("class A:\n  def run(self): self.socket.__getattribute__('socket')");
    expect_nothing("import inspect\ninspect.signature(f)\ninspect.get_annotations(f, eval_str=False)");
    expect_nothing("def f(x: 'import socket', y: \"__import__('socket')\"): pass\nprint(f.__annotations__)");
    expect_nothing("import warnings\nwith warnings.catch_warnings(record=True) as w:\n  print(len(w), w[-1].category)\n"
                   "warnings.catch_warnings()._module.warn(x)");
    expect_nothing("import logging\nlog = logging.getLogger(__name__)\nlog.info('x')");
}

Test(resolve_python, finds_imports_by_name)
{
    expect_way("__import__('socket')", "socket", SP_VIA_CALL);
    expect_way("__import__ (\n  name='socket')", "socket", SP_VIA_CALL);
    expect_way("__import__(*['socket'])", "socket", SP_VIA_CALL);
    expect_way("__import__(**{'name': 'socket'})", "socket", SP_VIA_CALL);
    expect_way("__import__('sock' + 'et')", "socket", SP_VIA_FOLDED);
    expect_way("import importlib\nimportlib.import_module('socket')", "socket", SP_VIA_CALL);
    expect_way("from importlib import import_module\nimport_module('socket')", "socket", SP_VIA_CALL);
    expect_way("from importlib import import_module as i\ni('socket')", "socket", SP_VIA_ALIAS);
    expect_way("import importlib\nimportlib.import_module('.x', 'socket')", "socket", SP_VIA_CALL);
    expect_way("import importlib.util as u\nu.find_spec('socket')", "socket", SP_VIA_ALIAS);
    expect_way("import runpy\nrunpy.run_module('socket')", "socket", SP_VIA_CALL);
    expect_way("import pkgutil\npkgutil.resolve_name('socket:x')", "socket", SP_VIA_CALL);
    expect_way("import sys\nsys.modules['socket']", "socket", SP_VIA_CALL);
    expect_way("import sys\nsys.modules.get('socket')", "socket", SP_VIA_CALL);
    expect_way("from sys import modules as m\nm['sock' 'et']", "socket", SP_VIA_FOLDED);
    expect_found("list(map(__import__, ['json', 'socket']))");
    expect_found("import threading\nthreading.Thread(target=__import__, args=('socket',)).start()");
    expect_found("pool.submit(__import__, 'socket')");
    expect_found("from functools import partial\npartial(__import__, 'socket')()");
}

Test(resolve_python, reaches_the_builtins_by_every_way)
{
    static const char *const ways[] = {"__builtins__.__import__", "__builtins__['__import__']",
        "getattr(__builtins__, '__imp' 'ort__')", "vars(__builtins__)['__import__']",
        "__import__('builtins').__dict__['__import__']", "globals()['__builtins__'].__import__",
        "print.__self__.__import__", "__builtins__.__dict__.get('__import__')",
        "object.__getattribute__(__builtins__, '__import__')", "__builtins__.__getattribute__('__import__')",
        "__import__('operator').attrgetter('__import__')(__builtins__)", "eval('__import__')",
        "__import__('functools').reduce(getattr, ['__import__'], __builtins__)", "__import__.__call__",
        "__import__('json').__builtins__['__import__']", "__import__('json').__loader__.load_module"};
    char source[256];
    for (size_t i = 0; i < SP_COUNT(ways); i++) {
        snprintf(source, sizeof(source), "%s('socket')", ways[i]);
        expect_found(source);
    }
}

Test(resolve_python, follows_aliases)
{
    static const char *const sources[] = {
        "i = __import__\ni('socket')",
        "a = b = __import__\nb('socket')",
        "(a, b) = (__import__, 1)\na('socket')",
        "[a, *b] = [1, __import__]\nb[0]('socket')",
        "(i := __import__)('socket')",
        "[i := __import__ for _ in [0]]\ni('socket')",
        "{1: [i := __import__ for _ in x] for _ in y}\ni('socket')",
        "def f():\n  any((i := __import__) for _ in x)\n  i('socket')",
        "i = __import__ if x else print\ni('socket')",
        "def f(): pass\nf.i = __import__\nf.i('socket')",
        "i = None or __import__\ni('socket')",
        "if x:\n  i = print\nelse:\n  i = __import__\ni('socket')",
        "i = __import__\ni('socket')\ni = print",
        "def f(i=__import__): i('socket')",
        "def f(i): i('socket')\nf(__import__)",
        "def f(n): return __import__(n)\nf('socket')",
        "def f(): return __import__\nf()('socket')",
        "(lambda i: i('socket'))(__import__)",
        "(lambda: __import__)()('socket')",
        "for i in [print, __import__]: i('socket')",
        "[i('socket') for i in (__import__,)]",
        "{'a': __import__}['a']('socket')",
        "x = [__import__]\nx[y]('socket')",
        "class A:\n  i = __import__\nA.i('socket')",
        "class A:\n  i = staticmethod(__import__)\nA().i('socket')",
        "class A:\n  def __init__(self): self.i = __import__\n  def f(self): self.i('socket')",
        "def f():\n  global i\n  i = __import__\nf()\ni('socket')",
        "def f():\n  i = 1\n  def g():\n    nonlocal i\n    i = __import__\n  g()\n  i('socket')",
        "def f(): return i('socket')\ni = __import__",
        "match __import__:\n  case i: i('socket')",
        "match __import__:\n  case i if x: i('socket')",
        "match __import__:\n  case object() as i: i('socket')",
        "match [__import__, 1]:\n  case [object() as i, 1 | 2 as n] if n: i('socket')",
        "match __builtins__:\n  case object(__import__=i): i('socket')",
        "setattr(x, 'i', __import__)\nx.i('socket')",
        "d = dict(i=__import__)\nd['i']('socket')",
        "d = {}\nd['i'] = __import__\nd['i']('socket')",
        "d = [0]\nd[n] = __import__\nd[0]('socket')",
        "{**{'i': __import__}}['i']('socket')",
        "[*[__import__]][0]('socket')",
        "(lambda *a: a[0]('socket'))(__import__)",
        "(lambda **k: k['i']('socket'))(i=__import__)",
        "__builtins__.i = __import__\ni('socket')",
        "import builtins\nbuiltins.print = __import__\nprint('socket')",
        "globals()['i'] = __import__\ni('socket')",
        "globals().update(i=__import__)\ni('socket')",
        "n = 'socket'\n__import__(n)",
        "for n in ['json', 'socket']: __import__(n)",
    };
    for (size_t i = 0; i < SP_COUNT(sources); i++)
        expect_found(sources[i]);
}

Test(resolve_python, finds_modules_behind_others)
{
    expect_way("import shutil\nshutil.os.system('x')", "os", SP_VIA_ALIAS);
    expect_way("from random import _os as x", "os", SP_VIA_ALIAS);
    expect_way("import logging.handlers as l\nl.socket", "socket", SP_VIA_ALIAS);
    expect_way("import _pyio\n_pyio.os.system('x')", "os", SP_VIA_ALIAS);
    expect_way("from _pyio import os", "os", SP_VIA_ALIAS);
    expect_way("import _frozen_importlib_external as e\ne._os", "os", SP_VIA_ALIAS);
    expect_way("import time\ntime.time()", "time", SP_VIA_DIRECT);
    expect_way("import shutil as m\ntype(m).__getattribute__(m, 'os')", "os", SP_VIA_ALIAS);
    expect_way("import shutil as m\nm.__class__.__getattribute__(m, 'os')", "os", SP_VIA_ALIAS);
    expect_way("import shutil as m\nobject.__getattribute__(m, 'os')", "os", SP_VIA_ALIAS);
    expect_way("import shutil as m\nm.__getattribute__('os')", "os", SP_VIA_ALIAS);
    expect_way("import shutil as m\nmatch m:\n  case object(os=o): o.system('x')", "os", SP_VIA_ALIAS);
    expect_way("import shutil as m\nmatch [m]:\n  case [object(os=o)]: o.system('x')", "os", SP_VIA_ALIAS);
    expect_way("import warnings\nwarnings.catch_warnings()._module.sys.modules['os']", "os", SP_VIA_ALIAS);
    expect_way("import posix", "os", SP_VIA_DIRECT);
    expect_way("import _socket", "socket", SP_VIA_DIRECT);
    expect_way("import _posixsubprocess", "subprocess", SP_VIA_DIRECT);
}

Test(resolve_python, judges_executed_literals_as_code)
{
    expect_way("exec('import socket')", "socket", SP_VIA_EVALUATED);
    expect_way("exec('x=1\\nimport socket')", "socket", SP_VIA_EVALUATED);
    expect_way("exec(b'import socket')", "socket", SP_VIA_EVALUATED);
    expect_way("exec(f'import socket')", "socket", SP_VIA_EVALUATED);
    expect_way("exec('imp' + 'ort socket')", "socket", SP_VIA_EVALUATED);
    expect_way("c = compile('import socket', '', 'exec')\nexec(c)", "socket", SP_VIA_EVALUATED);
    expect_way("eval('eval(\"__import__(\\'socket\\')\")')", "socket", SP_VIA_EVALUATED);
    expect_way("e = exec\ne('import socket')", "socket", SP_VIA_EVALUATED);
    expect_way("import timeit\ntimeit.timeit('pass', setup='import socket')", "socket", SP_VIA_EVALUATED);
    expect_way("@exec\n@(lambda f: 'import socket')\ndef g(): pass", "socket", SP_VIA_EVALUATED);
    expect_found("f\"{__import__('socket')}\"");
    expect_found("f\"{x:{len(__import__('socket').y)}}\"");
    expect_found("f\"{x[\"a\"]}{__import__(\"socket\")}\"");
}

Test(resolve_python, names_what_is_used)
{
    expect_name("import os\nos.system('x')", "os.system", "os.system", true);
    expect_name("import os as o\no.system('x')", "os.system", "o.system", true);
    expect_name("from os import system as s\ns('x')", "os.system", "s", true);
    expect_name("from os import *\nsystem('x')", "os.system", "system", true);
    expect_name("import os\nx = os.environ", "os.environ", "os.environ", false);
    expect_name("import os\ngetattr(os, 'sys' 'tem')('x')", "os.system", "getattr(os, 'sys' 'tem')", true);
    expect_name("import os\nvars(os)['system']('x')", "os.system", "vars(os)['system']", true);
    expect_name("__import__('os').system('x')", "os.system", "__import__('os').system", true);
    expect_name("import posix\nposix.system('x')", "os.system", "posix.system", true);
    expect_name("import os\n(os)\\\n . system('x')", "os.system", "(os)\\\n . system", true);
    expect_name("e = eval\ne('1')", "eval", "e", true);
    expect_name("print(1)", "print", "print", true);
    expect_name("import google.cloud.storage as s\ns.Client()", "google.cloud.storage.Client", "s.Client", true);
    expect_name("import os\no = os\nif x: o = json\no.f()", "os.f", "o.f", true);
    expect_no_name("def print(x): pass\nprint(1)", "print");
    expect_no_name("def f(open): open(1)", "open");
    expect_name("def f(): open(1)\nif x:\n  def open(x): pass", "open", "open", true);
}

Test(resolve_python, tells_what_stays_unknown)
{
    static const char *const sources[] = {
        "__import__(input())",
        "def f(n): __import__(n)",
        "x = []\nx.append('socket')\n__import__(''.join(x))",
        "n = 'json'\nif y: n = input()\n__import__(n)",
        "exec(open('x').read())",
        "eval(x)",
        "compile(x, '', 'exec')",
        "map(__import__, names)",
        "import os\ngetattr(os, name)",
        "import os\nos.__dict__[name]",
        "getattr(__builtins__, name)",
        "globals()[name]",
        "import sys\nsys.modules[name]",
        "import sys\nsys.path.append('x')",
        "import sys\nsys.path += ['x']",
        "import sys\nsys.path[0] = 'x'",
        "import importlib.util as u\nu.spec_from_file_location('a', 'b')",
        "import runpy\nrunpy.run_path('x')",
        "().__class__.__base__.__subclasses__()",
        "1..__subclasses__",
        "1_0.5e-3j.__subclasses__",
        "f.__globals__['x']",
        "getattr(f, '__glo' 'bals__')",
        "import sys\nsys._getframe().f_globals",
        "x['__globals__']",
        "def f(): yield exec\nnext(f())('import os')",
        "x.append(exec)",
        "import pickle\npickle.loads(b'cos\\nsystem\\n')",
        "__path__ = ['/work']\nimport __main__.x",
        "__path__.append('/work')",
        "import json\njson.__path__ = ['/work']\nfrom json import x",
        "import xml as x\nx.__path__.append('/work')",
        "import bdb\nbdb.Bdb().run('import socket')",
        "import trace\ntrace.Trace(count=0).run('import socket')",
        "import doctest as d\nd.run_docstring_examples(x, {})",
        "from logging.config import dictConfig as c\nc({'formatters': {'x': {'()': 'socket.socket'}}})",
        "import sys, operator\noperator.itemgetter('socket')(sys.modules)",
        "import sys\nmatch sys.modules:\n    case {'socket': x}: pass",
        "import shutil\nmatch vars(shutil):\n    case {'os': x}: pass",
        "match f:\n  case object(__globals__=g): pass",
        "import shutil as m\ntype(m).__getattribute__(m, name)",
        "class A:\n  __getitem__ = staticmethod(exec)\nA()['import socket']",
        "class A:\n  __class_getitem__ = exec\nA['import socket']",
        "class A:\n  from builtins import exec as __call__",
        "class A: (__call__ := exec)",
        "A.__getitem__ = __import__",
        "A = type('A', (), {'__getitem__': exec})",
        "A = type('A', (), dict(__getitem__=exec))",
        "d['__getitem__'] = exec\nA = type('A', (), d)",
        "__getattr__ = eval",
        "import typing\ndef f(x: \"__import__('socket')\"): pass\ntyping.get_type_hints(f)",
        "from inspect import get_annotations as g\ng(f, eval_str=True)",
        "import inspect\ninspect.signature(f, eval_str=y)",
        "import inspect\ninspect.signature(f, **y)",
    };
    for (size_t i = 0; i < SP_COUNT(sources); i++)
        expect_dynamic(sources[i]);
}

/* A member of a module holds whatever anybody put there, perhaps in another file. */
Test(resolve_python, takes_no_member_of_a_module_for_known)
{
    static const char *const sinks[] = {
        "exec(math.x)",
        "eval(math.x)",
        "compile(math.x, '', 'exec')",
        "__import__(math.x)",
        "__import__(name=math.x)",
        "import importlib\nimportlib.import_module(math.x)",
        "import importlib.util\nimportlib.util.find_spec(math.x)",
        "import runpy\nrunpy.run_module(math.x)",
        "import pkgutil\npkgutil.resolve_name(math.x)",
        "import timeit\ntimeit.timeit(math.x)",
        "import timeit\ntimeit.timeit('pass', setup=math.x)",
        "import timeit\ntimeit.timeit(**x)",
        "import sys\ngetattr(sys, math.x)",
        "import sys\ngetattr(*x)",
        "import sys\nsys.__getattribute__(math.x)",
        "import sys\nsys.modules[math.x]",
        "import sys\nsys.modules.get(math.x)",
        "import sys\nsys.modules.get(*x)",
        "import sys\nsys.__dict__[math.x]",
        "import sys\nvars(sys).get(math.x)",
        "import sys\nvars(sys).get(*x)",
        "globals()[math.x]",
        "__builtins__.__dict__[math.x]",
        "__builtins__[math.x]",
        "import operator, sys\noperator.attrgetter(math.x)(sys)",
        "import operator, sys\noperator.attrgetter(input())(sys)",
        "import operator, sys\noperator.attrgetter('path', math.x)(sys)",
        "import operator, sys\noperator.methodcaller(math.x)(sys)",
        "import operator, sys\noperator.getitem(sys.modules, math.x)",
        "list(map(exec, [math.x]))",
        "import sys\nexec(sys.ps1)",
        "import json\nexec(json.__doc__)",
        "import h\nexec(h.a.b)",
        "exec(f'{math.x}')",
        "exec(len.__doc__)",
        "from math import x\neval(x)",
        "x = math.x\nexec(x)",
    };
    char source[256];
    for (size_t i = 0; i < SP_COUNT(sinks); i++) {
        snprintf(source, sizeof(source), "import math\nmath.x = input()\n%s", sinks[i]);
        expect_dynamic(source);
        snprintf(source, sizeof(source), "import math\n%s", sinks[i]);
        expect_dynamic(source);
    }
    expect_found("import operator, shutil\n"
                 "operator.attrgetter('x', 'sys')(shutil)[1].modules['socket']");
    expect_nothing("import math\nprint(math.x, str(math.x), math.x + 1, [math.x], d[math.x], getattr(d, math.x))");
    expect_nothing("import timeit\ntimeit.timeit(dict)\ntimeit.timeit(lambda: 1)\ntimeit.timeit(number=5)");
    expect_nothing("import sys\nsys.modules[__name__]\nc = compile('1', '', 'eval')\nexec(c)");
    expect_nothing("import operator\nsorted(x, key=operator.attrgetter('a', 'b'))\noperator.attrgetter(n)(x)");
}

/* All modules, or all that one holds, in the hands of somebody who is not followed. */
Test(resolve_python, tells_powers_that_get_away)
{
    static const char *const powers[] = {
        "sys.modules", "sys.__dict__", "vars(sys)", "globals()", "__builtins__.__dict__"};
    static const char *const ways[] = {"dict(%s)", "ChainMap(%s)", "types.MappingProxyType(%s)",
        "types.SimpleNamespace(**%s)", "f(**%s)", "(lambda **k: k['os'])(**%s)", "{**%s}", "%s | {}", "{} | %s",
        "x |= %s", "%s.copy()", "%s.popitem()", "m = {}\nm.update(%s)", "dict.get(%s, 'os')", "x.append(%s)",
        "match %s:\n  case {'os': o}: pass", "threading.Thread(target=f, args=(%s,))", "raise Exception(%s)",
        "operator.itemgetter('os')(%s)", "def g(): yield %s", "functools.partial(f, x=%s)", "C(%s)['os']",
        "list([%s])"};
    char source[256], head[192];
    for (size_t i = 0; i < SP_COUNT(powers); i++)
        for (size_t k = 0; k < SP_COUNT(ways); k++) {
            const char *gap = strstr(ways[k], "%s");
            snprintf(head, sizeof(head), "import sys, types, threading, operator, functools\n%.*s%s%s",
                (int)(gap - ways[k]), ways[k], powers[i], gap + 2);
            snprintf(source, sizeof(source), "from collections import ChainMap\n%s", head);
            expect_dynamic(source);
        }
    expect_nothing("import sys\nprint(sys.modules)\nlen(sys.modules)\nsorted(sys.modules)\n'x' in sys.modules\n"
                   "sys.modules.get('json')\nfor m in sys.modules: print(m)\nlist(sys.modules.keys())\n"
                   "[m for m in sys.modules]\nsys.modules.pop('json', None)\nsys.modules['json']\n*x, = sys.modules");
    expect_nothing("import json\n'x' in vars(json)\nsorted(vars(json))\njson.__dict__.get('loads')\nvars(json).keys()");
    expect_nothing("def f(a):\n  return '%(a)s' % locals() + '{a}'.format(**locals()) + g(locals())");
    expect_nothing("class A:\n  x = f(vars())\nf(A.__dict__, int.__dict__)\nd.update(A().__dict__)\nf(**vars(args))");
    expect_nothing("import json\nf(json)\n{**json.x}\njson.x | {}\n'{}'.format(json)");
}

Test(resolve_python, tells_what_calls_answer_that_nobody_writes)
{
    static const char *const sources[] = {
        "class C:\n  def __enter__(s): return __import__\nwith C() as i: i('socket')",
        "class C:\n  @property\n  def m(s): return __import__\nC().m('socket')",
        "class C:\n  def __getattr__(s, n): return __import__\nC().x('socket')",
        "class C:\n  def __getitem__(s, n): return __import__\nC()[0]('socket')",
        "class C:\n  def __call__(s): return __import__\nC()()('socket')",
        "class C:\n  def __add__(s, o): return __import__\n(C() + 1)('socket')",
        "class C:\n  def __get__(s, o, t): return __import__\nclass D: x = C()\nD.x('socket')",
        "class C:\n  def __class_getitem__(s, n): return exec\nC[0]('import socket')",
        "class C:\n  def __getattr__(s, n):\n    import sys\n    return sys\nC().x.modules['socket']",
        "class C:\n  def __call__(s): return (0, __import__)\nC()()[1]('socket')",
        "class C:\n  def __call__(s): return globals()\nC()()['__builtins__']",
        "class C:\n  m = property(lambda s: __import__)\nC().m('socket')",
        "class C:\n  __call__ = lambda s: __import__\nC()()('socket')",
        "class C: pass\ndef f(s): return __import__\nC.__call__ = f\nC()()('socket')",
        "def f(s): return __import__\ntype('C', (), {'__call__': f})()()('socket')",
        "class C: pass\ndef f(s): return __import__\nsetattr(C, '__call__', f)\nC()()('socket')",
        "import functools\nclass C:\n  @functools.cached_property\n  def m(s): return __import__\nC().m('socket')",
        /* Answered by what is answered, which stands behind it. */
        "class C:\n  def __call__(s): return f\ndef f(): return g\ndef g(): return __import__\nC()()()()('socket')",
        "import sys\nlist(map(getattr, [sys], ['modules']))[0]['socket']",
        "import sys\npool.submit(getattr, sys, 'modules').result()['socket']",
    };
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
        expect_dynamic(sources[i]);
}

Test(resolve_python, tells_what_is_handed_on_within_rows_and_annotations)
{
    static const char *const sources[] = {
        "max([__import__])('socket')",
        "sorted([__import__], key=id)[0]('socket')",
        "list(filter(None, (0, __import__)))[0]('socket')",
        "list(zip([__import__]))[0][0]('socket')",
        "import itertools\nnext(itertools.chain([], [exec]))('import socket')",
        "f({'a': [__import__]})['a'][0]('socket')",
        "x: __import__ = 1\n__annotations__['x']('socket')",
        "def f(x: __import__): pass\nf.__annotations__['x']('socket')",
        "def f() -> __import__: pass\nf.__annotations__['return']('socket')",
        "class C:\n  x: exec\nC.__annotations__['x']('import socket')",
        "a = []\na.extend([__import__])\na[0]('socket')",
    };
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
        expect_dynamic(sources[i]);
    expect_nothing("def f(a: int, *b: list[str], c: 'exec' = None) -> type: pass\nx: tuple[int, ...] = ()\nmax([len, "
                   "ord], key=id)\nlen([exec])\nf([open], {'a': print})");
}

Test(resolve_python, finds_nothing_in_what_calls_answer_that_answer_nothing_of_it)
{
    expect_nothing("import os\nclass C:\n  @property\n  def m(s): return os.path\n  def __enter__(s): return s\n"
                   "  def __getitem__(s, n): return s.rows[n]\n  def __call__(s, f): return f(len)\n"
                   "  def __iter__(s): return iter([1, 'a', os])\n  def __len__(s): return len(s.rows)\n"
                   "  m = property(lambda s: open)\nwith C() as c: c[0](c)");
    expect_nothing("def f(): return exec\ndef g(): return f\nf()('1')");
    expect_nothing("import math\nlist(map(getattr, rows, names))\nsubmit(getattr, row, 'x')\nmap(len, [math])");
}

Test(resolve_python, tells_submodule_or_member)
{
    struct fixture f;
    resolve(&f, SP_STR("from a.b import c"));
    cr_assert(f.resolution.modules.n_items == 2);
    const struct sp_module_use *module = &f.resolution.modules.items[0], *member = &f.resolution.modules.items[1];
    cr_expect(sp_str_is(module->name, "a.b") && module->offset == 5 && module->length == 3 && !module->maybe);
    cr_expect(sp_str_is(member->name, "a.b.c") && member->offset == 16 && member->length == 1 && member->maybe);
    sp_arena_fini(&f.arena);
}

Test(resolve_python, knows_twins_and_what_a_rule_covers)
{
    cr_expect(sp_python_modules_cover(SP_STR("os"), SP_STR("os")));
    cr_expect(sp_python_modules_cover(SP_STR("os"), SP_STR("os.path")));
    cr_expect(sp_python_modules_cover(SP_STR("os"), SP_STR("nt")));
    cr_expect(sp_python_modules_cover(SP_STR("os.path"), SP_STR("os.path.x")));
    cr_expect(!sp_python_modules_cover(SP_STR("os"), SP_STR("osmium")));
    cr_expect(!sp_python_modules_cover(SP_STR("os.path"), SP_STR("os")));
    cr_expect(sp_str_is(sp_python_modules_twin(SP_STR("_socket")), "socket"));
    cr_expect(sp_str_is(sp_python_modules_twin(SP_STR("_zoneinfo")), "zoneinfo"));
    cr_expect(sp_str_is(sp_python_modules_twin(SP_STR("_abc")), "abc"));
    cr_expect(sp_str_is(sp_python_modules_twin(SP_STR("json")), "json"));
    cr_expect(sp_python_modules_is_builtin(SP_STR("eval")) && !sp_python_modules_is_builtin(SP_STR("system")));
    cr_expect(sp_python_modules_is_known(SP_STR("os.path")) && !sp_python_modules_is_known(SP_STR("numpy")));
}

/* A megabyte of one piece; limits: some bound must be told. */
static void expect_bounded(const char *head, const char *piece, bool limits)
{
    size_t n_head = strlen(head), n_piece = strlen(piece), n = 1 << 20;
    sp_cleanup(sp_free_ptr) char *text = malloc(n);
    struct fixture f;
    cr_assert(text && n_head < n);
    memcpy(text, head, n_head);
    for (size_t i = n_head; i < n; i++)
        text[i] = piece[(i - n_head) % n_piece];
    resolve(&f, (struct sp_str){text, n});
    if (limits)
        cr_expect(f.resolution.limits.n_items > 0, "no limit: %s%s…", head, piece);
    sp_arena_fini(&f.arena);
}

Test(resolve_python, tells_bounds_and_never_hangs, .timeout = 120)
{
    expect_bounded("", "(", true);
    expect_bounded("", "lambda:", true);
    expect_bounded("", "f\"{", true);
    expect_bounded("import ", "a.", true);
    expect_bounded("import os\nos", ".a", false);
    expect_bounded("", "import a,", false);
    expect_bounded("", "-", false);
    expect_bounded("", "'a'+", false);
    expect_bounded("x = 'ab'\n", "x = x + x\n", true);
    expect_bounded("import os as o\n", "o.x()\n", false);
    expect_bounded("", "exec(\"", true);
    expect_bounded("", "match x ", false);
    expect_bounded("", "\\", false);
}

/* A name of hundreds of meanings that is handed on and bound again and again: each time cost the square of them. */
static void expect_small(const char *before, const char *use)
{
    struct sp_buffer text;
    struct sp_arena arena;
    struct sp_span_list spans;
    struct sp_resolution resolution;
    struct sp_error error = {0};
    const struct sp_tongue *python = sp_tongue_find(SP_LANGUAGE_PYTHON);
    sp_buffer_init(&text, 1 << 20);
    sp_arena_init(&arena, (size_t)32 << 20);
    char line[128];
    for (int i = 0; i < 230; i++) {
        snprintf(line, sizeof(line), "%simport m%d\ny = m%d\n", before, i, i);
        sp_buffer_append(&text, line, strlen(line));
    }
    for (int i = 0; i < 400; i++)
        sp_buffer_append(&text, use, strlen(use));
    struct sp_str source = {(const char *)text.bytes, text.n_bytes};
    cr_assert(python->lex(source, SP_STR(""), &arena, &spans, &error) == 0);
    cr_expect(python->resolve(source, &spans, NULL, &arena, &resolution, &error) == 0, "%s", use);
    sp_arena_fini(&arena);
    sp_buffer_fini(&text);
}

Test(resolve_python, many_meanings_take_little_memory)
{
    expect_small("def f(a, b, c, d):\n pass\n", "f(y, y, y, y)\n");
    expect_small("", "y.a = y\n");
}
