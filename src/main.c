/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "cmd/cmd.h"

int main(int argc, char **argv)
{
    int status = cmd_main(argc, argv);
#ifdef Q_TEAR_DOWN
    return status;
#else
    /* all output is written; what libraries would tidy up now is memory that goes with the process (see db_abandon) */
    _exit(status);
#endif
}
