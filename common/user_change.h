/* SPDX-License-Identifier: MIT */
/* What an administrator can do to one person; wire numbers, append only. */
#pragma once

enum user_change {
	USER_CHANGE_LOCK = 1,   /* no way in and no roles, until unlocked */
	USER_CHANGE_UNLOCK,     /* as before the lock */
	USER_CHANGE_DISCONNECT, /* logged out, and without roles until their own next sign-in */
	USER_CHANGE_REMOVE,     /* gone for good; the uid stays theirs (tombstone) */
};
