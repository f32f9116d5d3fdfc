/* The release this source tree is. */
#ifndef SIGNET_CLI_VERSION_H
#define SIGNET_CLI_VERSION_H

#define SIGNET_VERSION "0.1.0"

#endif
