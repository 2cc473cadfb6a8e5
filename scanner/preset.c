/* Policies that come with Sallyport: one row each. Any thread; no state. They are built through the policy decoder as
 * anybody's policy is, from the same kind of map. */
#include "proto/pack.h"
#include "scanner/policy.h"

/* A restricted module of a preset. */
struct preset_module {
    const char *name, *description;
};

struct preset {
    const char *name;
    const char *threshold, *dynamic, *unicode;
    const struct preset_module *modules;
    size_t n_modules;
    const char *severity; /* of all its modules */
};

/* What an operator wants to see in the audit log, and nothing that blocks: the sandbox holds. */
static const struct preset_module seen_modules[] = {
    {"os", "operating system interface"},
    {"subprocess", "starts other programs"},
    {"multiprocessing", "starts other processes"},
    {"pty", "starts other programs on a terminal"},
    {"ctypes", "calls foreign functions"},
    {"mmap", "maps memory"},
    {"socket", "network access"},
    {"ssl", "network access"},
    {"http", "network access"},
    {"urllib", "network access"},
    {"ftplib", "network access"},
    {"smtplib", "network access"},
    {"requests", "network access"},
    {"httpx", "network access"},
    {"aiohttp", "network access"},
    {"paramiko", "network access"},
    {"importlib", "loads modules by computed names"},
    {"runpy", "runs modules by computed names"},
    {"code", "evaluates code"},
    {"pickle", "loads objects that can run code"},
    {"marshal", "loads code objects"},
    {"shelve", "loads objects that can run code"},
    {"shutil", "copies and removes file trees"},
    {"signal", "sends and handles signals"},
    {"resource", "changes resource limits"},
    {"gc", "reaches every object"},
    {"inspect", "reaches frames and their variables"},
};

static const struct preset presets[] = {
    {SP_PRESET_DEFAULT, "safe", "low", "low", seen_modules, SP_COUNT(seen_modules), "low"},
};

static void pack_pair(struct sp_buffer *buffer, const char *key, const char *text)
{
    sp_pack_key(buffer, key);
    sp_pack_cstr(buffer, text);
}

static void pack_preset(const struct preset *preset, struct sp_buffer *buffer)
{
    sp_pack_map(buffer, 5);
    pack_pair(buffer, "name", preset->name);
    pack_pair(buffer, "severity_threshold", preset->threshold);
    pack_pair(buffer, "dynamic_code", preset->dynamic);
    pack_pair(buffer, "unicode", preset->unicode);
    sp_pack_key(buffer, "restricted_modules");
    sp_pack_array(buffer, preset->n_modules);
    for (size_t i = 0; i < preset->n_modules; i++) {
        sp_pack_map(buffer, 3);
        pack_pair(buffer, "name", preset->modules[i].name);
        pack_pair(buffer, "description", preset->modules[i].description);
        pack_pair(buffer, "severity", preset->severity);
    }
}

int sp_preset_model(const char *name, struct sp_policy_model **ret_model, struct sp_error *error)
{
    const struct preset *preset = NULL;
    for (size_t i = 0; i < SP_COUNT(presets) && !preset; i++)
        if (strcmp(presets[i].name, name) == 0)
            preset = &presets[i];
    if (!preset)
        return sp_error_set(error, SP_EUNKNOWN_POLICY, "there is no preset \"%.40s\"", name);
    sp_cleanup(sp_buffer_fini) struct sp_buffer buffer;
    sp_buffer_init(&buffer, 1 << 20);
    pack_preset(preset, &buffer);
    if (buffer.failed)
        return sp_error_set(error, buffer.failed, NULL);
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    int r = SP_ENO_MEMORY;
    if (msgpack_unpack_next(&unpacked, (const char *)buffer.bytes, buffer.n_bytes, NULL) == MSGPACK_UNPACK_SUCCESS)
        r = sp_policy_model_new(&unpacked.data, ret_model, error);
    else
        sp_error_set(error, r, NULL);
    msgpack_unpacked_destroy(&unpacked);
    return r;
}
