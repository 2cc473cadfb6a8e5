/* Policies that come with Sallyport: one row each, over the files in presets/, whose bytes the build puts here. Any thread; no
 * state. They are texts, because they are there to be read, copied and changed; who reads YAML reads them as anybody's. */
#include "scanner/scanner.h"

#include "proto/scope.h"

static const char default_text[] = {
#include "preset_default.inc"
};
static const char minimal_text[] = {
#include "preset_minimal.inc"
};
static const char development_text[] = {
#include "preset_development.inc"
};
static const char production_text[] = {
#include "preset_production.inc"
};
static const char strict_text[] = {
#include "preset_strict.inc"
};

#define TEXT(bytes)                                                                                                    \
    {                                                                                                                  \
        (bytes), sizeof(bytes)                                                                                         \
    }

static const struct sp_preset presets[] = {
    {SP_PRESET_DEFAULT, "blocks nothing, reports what an operator may want to see", TEXT(default_text)},
    {"minimal", "refuses destruction, native code and ways out of the sandbox", TEXT(minimal_text)},
    {"development", "refuses programs and processes too; reports network, files, loading of code",
        TEXT(development_text)},
    {"production", "refuses those too, os, asyncio, code from strings, and what cannot be followed",
        TEXT(production_text)},
    {"strict", "lets compute: a list of modules, no files, nothing that cannot be followed", TEXT(strict_text)},
};

const struct sp_preset *sp_preset_all(size_t *ret_n_presets)
{
    *ret_n_presets = SP_COUNT(presets);
    return presets;
}

const struct sp_preset *sp_preset_find(struct sp_str name)
{
    for (size_t i = 0; i < SP_COUNT(presets); i++)
        if (sp_str_is(name, presets[i].name))
            return &presets[i];
    return NULL;
}
