/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/backup_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/base/siphash.h"

#define FIRST_LINE     "cosmo-sso backup 1\n"
#define FIRST_WORDS    "cosmo-sso backup "
#define END_KIND       "end"
#define MAX_HEAD_BYTES ((size_t)128)
#define HASH_HEX_LEN   ((size_t)16)
#define BUFFER_BYTES   (MAX_HEAD_BYTES + BACKUP_MAX_DATA_BYTES + 2)

static const unsigned char hash_key[SIPHASH_KEY_BYTES] = "cosmo-sso backu";

/* Over what the head says and the data. @scratch: BUFFER_BYTES. */
static uint64_t hash_entry(char *scratch, const struct backup_entry *entry)
{
	int head = snprintf(
		scratch, MAX_HEAD_BYTES, "%s %s %zu\n", entry->kind, entry->name, entry->len);

	memcpy(scratch + head, entry->data, entry->len);
	return siphash24(hash_key, scratch, (size_t)head + entry->len);
}

struct backup_writer {
	int fd;
	uint64_t count;
	size_t len;
	char *scratch;
	char buffer[2 * BUFFER_BYTES];
};

static enum cosmo_err flush(struct backup_writer *writer)
{
	enum cosmo_err err = fdio_write(writer->fd, writer->buffer, writer->len);

	writer->len = 0;
	return err;
}

static enum cosmo_err append(struct backup_writer *writer, const char *data, size_t len)
{
	enum cosmo_err err = COSMO_OK;

	if (len > sizeof(writer->buffer) - writer->len)
		err = flush(writer);
	if (!err) {
		memcpy(writer->buffer + writer->len, data, len);
		writer->len += len;
	}
	return err;
}

enum cosmo_err backup_writer_new(int fd, struct backup_writer **ret)
{
	COSMO_AUTO(backup_writer_free) struct backup_writer *writer = calloc(1, sizeof(*writer));
	enum cosmo_err err = COSMO_E_NOMEM;

	if (writer)
		writer->scratch = malloc(BUFFER_BYTES);
	if (!writer || !writer->scratch)
		return err;
	writer->fd = fd;
	err = append(writer, FIRST_LINE, strlen(FIRST_LINE));
	if (!err)
		*ret = COSMO_STEAL(&writer);
	return err;
}

void backup_writer_free(struct backup_writer *writer)
{
	if (writer)
		free(writer->scratch);
	free(writer);
}

enum cosmo_err backup_writer_put(struct backup_writer *writer, const char *kind, const char *name,
	const void *data, size_t len)
{
	struct backup_entry entry = {.data = data, .len = len};
	char head[MAX_HEAD_BYTES] = "";
	int head_len = 0;
	enum cosmo_err err = COSMO_OK;

	if (len > BACKUP_MAX_DATA_BYTES || strlen(kind) >= sizeof(entry.kind) ||
		strlen(name) >= sizeof(entry.name))
		return COSMO_E_TOO_BIG;
	memcpy(entry.kind, kind, strlen(kind) + 1);
	memcpy(entry.name, name, strlen(name) + 1);
	head_len = snprintf(head, sizeof(head), "%s %s %zu %016" PRIx64 "\n", kind, name, len,
		hash_entry(writer->scratch, &entry));
	err = append(writer, head, (size_t)head_len);
	if (!err)
		err = append(writer, data, len);
	if (!err)
		err = append(writer, "\n", 1);
	writer->count++;
	return err;
}

enum cosmo_err backup_writer_end(struct backup_writer *writer)
{
	char count[24] = "";
	enum cosmo_err err = COSMO_OK;

	(void)snprintf(count, sizeof(count), "%" PRIu64, writer->count);
	err = backup_writer_put(writer, END_KIND, count, "", 0);
	return err ? err : flush(writer);
}

struct reader {
	int fd;
	uint64_t at;   /* in the file, of what begins at @begin */
	size_t begin;  /* in the buffer */
	size_t end;    /* likewise */
	char *buffer;  /* of BUFFER_BYTES */
	char *scratch; /* likewise */
	struct backup_problem *problem;
};

static void reader_done(struct reader *reader)
{
	free(reader->buffer);
	free(reader->scratch);
}
COSMO_AUTO_DEFINE(struct reader *, reader_done);

static enum cosmo_err complain(struct reader *reader, const char *text)
{
	*reader->problem = (struct backup_problem){.at = reader->at, .text = text};
	return COSMO_E_FORMAT;
}

/* Have @need bytes in the buffer, or all that there are. */
static enum cosmo_err fill(struct reader *reader, size_t need)
{
	if (reader->end - reader->begin >= need)
		return COSMO_OK;
	memmove(reader->buffer, reader->buffer + reader->begin, reader->end - reader->begin);
	reader->end -= reader->begin;
	reader->begin = 0;
	while (reader->end < need) {
		ssize_t got =
			read(reader->fd, reader->buffer + reader->end, BUFFER_BYTES - reader->end);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return COSMO_E_IO;
		if (got == 0)
			break;
		reader->end += (size_t)got;
	}
	return COSMO_OK;
}

static void skip(struct reader *reader, size_t len)
{
	reader->begin += len;
	reader->at += len;
}

/* "KIND NAME LENGTH HASH", in @head with a NUL for its newline. */
static bool parse_head(char *head, struct backup_entry *ret, uint64_t *ret_hash)
{
	char *words[4] = {head, NULL, NULL, NULL};
	unsigned char bytes[HASH_HEX_LEN / 2] = {0};
	uint64_t len = 0;

	for (size_t i = 1; i < COSMO_ARRAY_LEN(words); i++) {
		words[i] = strchr(words[i - 1], ' ');
		if (!words[i])
			return false;
		*words[i]++ = '\0';
	}
	if (strlen(words[0]) >= sizeof(ret->kind) || strlen(words[1]) >= sizeof(ret->name) ||
		parse_u64(words[2], 0, BACKUP_MAX_DATA_BYTES, &len) ||
		parse_hex(words[3], bytes, sizeof(bytes)))
		return false;
	memcpy(ret->kind, words[0], strlen(words[0]) + 1);
	memcpy(ret->name, words[1], strlen(words[1]) + 1);
	ret->len = (size_t)len;
	*ret_hash = 0;
	for (size_t i = 0; i < sizeof(bytes); i++)
		*ret_hash = *ret_hash << 8 | bytes[i];
	return true;
}

/* The whole of the head's line is what this entry would be written as: nothing has two forms. */
static enum cosmo_err read_entry(struct reader *reader, struct backup_entry *ret)
{
	char head[MAX_HEAD_BYTES] = "";
	char again[MAX_HEAD_BYTES] = "";
	const char *newline = NULL;
	size_t head_len = 0;
	uint64_t hash = 0;
	enum cosmo_err err = fill(reader, MAX_HEAD_BYTES);

	if (err)
		return err;
	head_len = reader->end - reader->begin;
	if (head_len > MAX_HEAD_BYTES)
		head_len = MAX_HEAD_BYTES;
	newline = memchr(reader->buffer + reader->begin, '\n', head_len);
	if (!newline)
		return complain(reader, head_len < MAX_HEAD_BYTES ? "the file is cut off here"
								  : "this is no entry");
	head_len = (size_t)(newline - (reader->buffer + reader->begin));
	memcpy(head, newline - head_len, head_len);
	*ret = (struct backup_entry){.at = reader->at};
	if (!parse_head(head, ret, &hash))
		return complain(reader, "this is no entry");
	err = fill(reader, head_len + 1 + ret->len + 1);
	if (err)
		return err;
	if (reader->end - reader->begin < head_len + 1 + ret->len + 1)
		return complain(reader, "the file is cut off in this entry");
	ret->data = reader->buffer + reader->begin + head_len + 1;
	(void)snprintf(again, sizeof(again), "%s %s %zu %016" PRIx64, ret->kind, ret->name,
		ret->len, hash);
	if (strlen(again) != head_len ||
		memcmp(again, reader->buffer + reader->begin, head_len) != 0 ||
		ret->data[ret->len] != '\n' || hash_entry(reader->scratch, ret) != hash)
		return complain(reader, "this entry is damaged");
	reader->buffer[reader->begin + head_len + 1 + ret->len] = '\0';
	skip(reader, head_len + 1 + ret->len + 1);
	return COSMO_OK;
}

static enum cosmo_err read_first(struct reader *reader)
{
	size_t len = strlen(FIRST_LINE);
	enum cosmo_err err = fill(reader, len);

	if (err)
		return err;
	if (reader->end < len || memcmp(reader->buffer, FIRST_LINE, len) != 0)
		return complain(
			reader, reader->end >= len && memcmp(reader->buffer, FIRST_WORDS,
							      strlen(FIRST_WORDS)) == 0
					? "this backup was made by another version of cosmo-sso"
					: "this is no backup of cosmo-sso");
	skip(reader, len);
	return COSMO_OK;
}

static enum cosmo_err read_end(
	struct reader *reader, const struct backup_entry *end, uint64_t count)
{
	char expected[24] = "";
	enum cosmo_err err = fill(reader, 1);

	(void)snprintf(expected, sizeof(expected), "%" PRIu64, count);
	if (!err && (!streq(end->name, expected) || end->len != 0))
		err = complain(reader, "entries are missing");
	if (!err && reader->end > reader->begin)
		err = complain(reader, "something follows the end");
	return err;
}

enum cosmo_err backup_read(
	int fd, backup_visitor visit, void *context, struct backup_problem *ret_problem)
{
	struct reader reader = {.fd = fd,
		.buffer = malloc(BUFFER_BYTES),
		.scratch = malloc(BUFFER_BYTES),
		.problem = ret_problem};
	COSMO_AUTO(reader_done) struct reader *owned = &reader;
	struct backup_entry entry = {.len = 0};
	uint64_t count = 0;
	enum cosmo_err err = COSMO_E_NOMEM;

	*ret_problem = (struct backup_problem){.text = NULL};
	if (!owned->buffer || !owned->scratch)
		return err;
	err = lseek(fd, 0, SEEK_SET) < 0 ? COSMO_E_IO : read_first(owned);
	while (!err) {
		err = read_entry(owned, &entry);
		if (!err && streq(entry.kind, END_KIND))
			return read_end(owned, &entry, count);
		if (!err)
			err = visit(context, &entry);
		count++;
	}
	return err;
}
