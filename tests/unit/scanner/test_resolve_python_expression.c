#include "resolution_fixture.h"

/* A dictionary of names is given away by whoever hands it on, not by who asks whether it holds a name, or what it is. */
Test(resolve_python_expression, names_that_are_only_looked_at_are_not_given_away)
{
    expect_nothing("x = '__unittest' in tb.tb_frame.f_globals");
    expect_nothing("x = 'a' not in f.__globals__");
    expect_nothing("T = type(f.__globals__)");
    expect_nothing("print(len(f.f_locals))");
    expect_dynamic("x = f.f_globals");
    expect_dynamic("'a' in f.f_globals == y");
    expect_dynamic("f.f_globals in y");
    expect_dynamic("'a' in f.f_globals['x']");
    expect_dynamic("'a' in y in f.f_globals");
    expect_dynamic("'a' in (z := f.f_globals)");
    expect_dynamic("type(f.f_globals)(f.f_globals)");
    expect_dynamic("type('X', (), f.f_globals)");
    expect_dynamic("type(*[f.f_globals])");
    expect_dynamic("type(g(f.f_globals))");
    expect_dynamic("len(f.f_globals.get('x'))");
    expect_dynamic("def type(x): return x\ntype(f.f_globals)");
    expect_dynamic("from x import *\nfrom y import type\ntype(f.f_globals)");
    expect_dynamic("type(C.__subclasses__)");
    expect_dynamic("'a' in f.__loader__");
    expect_dynamic("type(m.__loader__)");
    expect_dynamic("'a' in f.f_globals + y");
    expect_dynamic("'a' in [f.f_globals]");
    expect_dynamic("bool(f.f_globals or y)");
    expect_dynamic("'a' in f.f_globals and y(f.f_globals)");
    expect_dynamic("len(x=f.f_globals)");
    expect_dynamic("type(lambda: f.f_globals)");
}
