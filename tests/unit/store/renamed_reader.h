/* SPDX-License-Identifier: MIT */
/*
 * The product's reader under other names, so that one with a fault can stand beside it: RENAMED(x)
 * is defined before, users_db_slot.c and users_db_read.c are included behind.
 */
#pragma once

#define users_db_name_make      RENAMED(name_make)
#define users_db_slot_by_name   RENAMED(slot_by_name)
#define users_db_slot_by_uid    RENAMED(slot_by_uid)
#define users_db_slot_by_number RENAMED(slot_by_number)
#define users_db_slot_find_name RENAMED(slot_find_name)
#define users_db_slot_find_uid  RENAMED(slot_find_uid)
#define users_db_slot_entry     RENAMED(slot_entry)
#define users_db_slot_may_have  RENAMED(slot_may_have)
#define users_db_entry_by_name  RENAMED(entry_by_name)
#define users_db_entry_by_uid   RENAMED(entry_by_uid)
#define users_db_entry_next     RENAMED(entry_next)
#define users_db_slot_newest    RENAMED(slot_newest)
#define users_db_slot_pair      RENAMED(slot_pair)
#define users_db_find_name      RENAMED(find_name)
#define users_db_find_uid       RENAMED(find_uid)
#define users_db_find_ever      RENAMED(find_ever)
#define users_db_find_uid_ever  RENAMED(find_uid_ever)
#define users_db_next           RENAMED(next)
#define users_db_settings_peek  RENAMED(settings_peek)
#define users_db_brief_peek     RENAMED(brief_peek)
#define users_db_settings       RENAMED(settings) /* functions, and structs of the same name */
#define users_db_numbers        RENAMED(numbers)
#define users_db_count          RENAMED(count)
#define users_db_done           RENAMED(done)

#include "common/base/users_db_pair.h"
