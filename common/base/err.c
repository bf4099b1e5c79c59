/* SPDX-License-Identifier: MIT */
#include "common/base/err.h"

static const struct {
	const char *id;
	enum cosmo_err_class class;
} errors[] = {
#define COSMO_ERR_ROW_(symbol, id, class) [COSMO_##symbol] = {id, COSMO_CLASS_##class},
	COSMO_ERR_LIST(COSMO_ERR_ROW_)
#undef COSMO_ERR_ROW_
};

size_t cosmo_err_count(void)
{
	return sizeof(errors) / sizeof(errors[0]);
}

enum cosmo_err cosmo_err_from_wire(unsigned long long wire)
{
	return wire < cosmo_err_count() ? (enum cosmo_err)wire : COSMO_E_PROTOCOL;
}

const char *cosmo_err_id(enum cosmo_err err)
{
	return (size_t)err < cosmo_err_count() ? errors[err].id : errors[COSMO_E_INTERNAL].id;
}

enum cosmo_err_class cosmo_err_class(enum cosmo_err err)
{
	return (size_t)err < cosmo_err_count() ? errors[err].class : COSMO_CLASS_INTERNAL;
}
