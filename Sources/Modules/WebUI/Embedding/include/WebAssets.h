#ifndef GANTRY_WEB_ASSETS_H
#define GANTRY_WEB_ASSETS_H

#include <stddef.h>

/// A file of Sources/Modules/WebUI/Assets, as it was when the executable was built.
struct web_asset {
    const char *_Nonnull name;
    const unsigned char *_Nonnull bytes;
    size_t count;
};

/// The file with that index, in the order of their names; NULL behind the last.
const struct web_asset *_Nullable web_asset(size_t index);

#endif
