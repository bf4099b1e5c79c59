/* SPDX-License-Identifier: MIT */
#include "nss_cosmo/plain_name.h"

#include "common/base/users_db_format.h"
#include "nss_cosmo/bytes16.h"

/* @next: the byte behind each. */
static inline bytes16 doubt(bytes16 bytes, bytes16 next)
{
	bytes16 end = (bytes16)(bytes == 0);
	bytes16 fit = bytes16_in(bytes, 'a', 'z') | bytes16_in(bytes, '0', '9') |
		      bytes16_in(bytes, '-', '.') | (bytes16)(bytes == '_') | end;

	return ~fit | (end & (bytes16)(next != 0)) |
	       ((bytes16)(bytes == '.') & (bytes16)(next == 0));
}

/* A word of the bytes that stand one further. */
static inline uint64_t next_of(uint64_t word, uint64_t following)
{
	return word >> 8 | following << 56;
}

bool plain_name_is(const uint64_t *words)
{
	bytes16 first = bytes16_of(words[0], words[1]);
	bytes16 last = bytes16_of(words[2], words[3]);
	bytes16 after_first = bytes16_of(next_of(words[0], words[1]), next_of(words[1], words[2]));
	bytes16 after_last = bytes16_of(next_of(words[2], words[3]), next_of(words[3], 0));
	unsigned char begin = (unsigned char)words[0];

	_Static_assert(USERS_DB_NAME_WORDS == 4, "two times sixteen bytes");
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		return false;
	return begin >= 'a' && begin <= 'z' &&
	       !bytes16_has_any(doubt(first, after_first) | doubt(last, after_last));
}
