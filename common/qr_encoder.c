/* SPDX-License-Identifier: MIT */
#include "common/qr_encoder.h"

#include <dlfcn.h>
#include <elf.h>
#include <string.h>

/* What packagers' tools read where there is no NEEDED: the ELF dlopen metadata of uapi-group.org.
 */
#define NOTE_OWNER "FDO"
#define NOTE_TYPE  0x407c0c0aU
#define NOTE_TEXT                                                                                  \
	"[{\"feature\":\"qr\",\"description\":\"QR-code\","                                        \
	"\"priority\":\"recommended\",\"soname\":[\"" QR_ENCODER_SONAME "\"]}]"

struct note {
	Elf64_Nhdr header; /* the same in each class */
	char owner[sizeof(NOTE_OWNER)];
	_Alignas(4) char text[sizeof(NOTE_TEXT)];
};

__attribute__((used, section(".note.dlopen"), aligned(4))) static const struct note note = {
	.header = {.n_namesz = sizeof(NOTE_OWNER),
		.n_descsz = sizeof(NOTE_TEXT),
		.n_type = NOTE_TYPE},
	.owner = NOTE_OWNER,
	.text = NOTE_TEXT,
};

/* @ret: a pointer to a function, which C does not let be assigned. */
static bool find(void *library, const char *name, void *ret, size_t ret_size)
{
	void *symbol = dlsym(library, name);

	if (!symbol || ret_size != sizeof(symbol))
		return false;
	memcpy(ret, &symbol, ret_size);
	return true;
}

enum cosmo_err qr_encoder_open(struct qr_encoder *ret)
{
	struct qr_encoder encoder = {.library = dlopen(QR_ENCODER_SONAME, RTLD_NOW | RTLD_LOCAL)};

	if (encoder.library &&
		find(encoder.library, "QRcode_encodeString", &encoder.encode,
			sizeof(encoder.encode)) &&
		find(encoder.library, "QRcode_free", &encoder.free_code,
			sizeof(encoder.free_code))) {
		*ret = encoder;
		return COSMO_OK;
	}
	/* Its text is not the host's to find. */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): glibc keeps one for each thread */
	(void)dlerror();
	qr_encoder_done(&encoder);
	return COSMO_E_NOT_FOUND;
}

void qr_encoder_done(struct qr_encoder *encoder)
{
	if (!encoder || !encoder->library)
		return;
	(void)dlclose(encoder->library);
	*encoder = (struct qr_encoder){0};
}
