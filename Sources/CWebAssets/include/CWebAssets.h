#ifndef C_WEB_ASSETS_H
#define C_WEB_ASSETS_H

#include <stddef.h>

/// A file of the web client or of the protocol's documents, compiled into the program.
struct web_asset {
    /// Its path below `Sources/App/Web`.
    const char *name;
    const unsigned char *bytes;
    size_t length;
};

/// The first of all files of `Sources/App/Web`; they live as long as the process.
const struct web_asset *web_assets(size_t *count);

#endif
