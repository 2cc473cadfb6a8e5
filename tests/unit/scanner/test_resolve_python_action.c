#include "resolution_fixture.h"

/* What runs code from its input, from a file, or from names in texts. */
Test(resolve_python_action, knows_the_doors_of_the_library)
{
    static const char *const doors[] = {
        "breakpoint()",
        "import sys\nsys.breakpointhook()",
        "import pdb\npdb.set_trace()",
        "import pdb as p\np.post_mortem()",
        "next(iter(breakpoint, 1))",
        "import signal\nsignal.signal(10, breakpoint)",
        "class A:\n  __init_subclass__ = breakpoint",
        "import timeit\ntimeit.main(['x'])",
        "import _xxsubinterpreters as i\ni.run_string(i.create(), 'x')",
        "import types\ntypes.CodeType(*x)",
        "import types\ntypes.LambdaType(c, {})",
        "import string\nstring.Formatter().get_field('0.sys', [x], {})",
        "import logging.config as l\nl.BaseConfigurator({}).resolve('os.system')",
        "from importlib.metadata import EntryPoint\nEntryPoint(name='x', value='os:system', group='g').load()",
        "import pickle, io\npickle.Unpickler(io.BytesIO()).find_class('os', 'system')",
        "import unittest\nunittest.defaultTestLoader.discover('/tmp')",
        "import pydoc\npydoc.importfile('/tmp/x.py')",
        "import multiprocessing as m\nm.set_executable('/bin/echo')",
        "import code\nclass C(code.InteractiveInterpreter): pass\nC().runsource('import socket')",
        "import string, shutil\nclass F(string.Formatter): pass\nF().get_field('0.os', [shutil], {})",
        "from importlib.machinery import SourceFileLoader as S\nclass L(S, metaclass=M): pass",
        "import timeit\nclass T(timeit.Timer): pass\nT(input()).timeit()",
        "import pickle\nclass U(pickle.Unpickler): pass\nU(f).find_class('socket', 'x')",
        "import inspect\ndef f(): __import__\ninspect.getclosurevars(f).builtins['__import__']('socket')",
        "import string\nsetattr(string, input(), 'socket')\n__import__(string.digits)",
        "import threading, sys\nthreading.Thread(target=sys.modules.get, args=(x,))",
    };
    for (size_t i = 0; i < SP_COUNT(doors); i++)
        expect_dynamic(doors[i]);
    expect_found("import cProfile\ncProfile.Profile().run('import socket')");
    expect_found(
        "import profile\nwith profile.Profile() as p: pass\nprofile.Profile().runctx('import socket', {}, {})");
    expect_found("from unittest.mock import patch\npatch('socket.x').getter()");
    expect_found("from unittest import mock\nmock._importer('socket')");
    expect_found("import unittest\nunittest.defaultTestLoader.loadTestsFromName('socket.x')");
    expect_found("import unittest\nunittest.TestLoader().loadTestsFromName('socket.x')");
    expect_found("from test.support.import_helper import import_module as i\ni('socket')");
    expect_found("import warnings\nwarnings._getcategory('socket.x')");
    expect_nothing("import cProfile\np = cProfile.Profile()\np.enable()\np.runcall(f, 1)\np.print_stats()");
    expect_nothing(
        "import pickle\nclass U(pickle.Unpickler):\n  def find_class(self, m, n): raise ValueError\nU(f).load()");
    expect_found("import timeit\nclass T(timeit.Timer): pass\nT('import socket').timeit()");
    expect_nothing("import string\nstring.capwords(x)\nstring.Template('$a').substitute(a=1)");
    expect_nothing("import unittest\nunittest.main()\nunittest.TestLoader().loadTestsFromTestCase(A)");
    expect_nothing("from unittest.mock import patch, Mock\nwith patch('json.loads') as m: Mock()(m)");
    expect_nothing("import types\nisinstance(x, types.FunctionType)\nisinstance(x, types.CodeType)");
    expect_nothing("def breakpoint(): pass\nbreakpoint()");
}
