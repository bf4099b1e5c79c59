/* SPDX-License-Identifier: MIT */
/* What members of the groups that config_group_is_privileged() names can do. */
#pragma once

/* "starts containers as root with the host's files in them": behind "who is in it"; NULL: the group
 * is none of them. */
const char *privileged_group_gives(const char *group);
