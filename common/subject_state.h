/* SPDX-License-Identifier: MIT */
/* What a host has to do with a person who signs in. */
#pragma once

/* Wire values of FIELD_SUBJECT_STATE: append only. */
enum subject_state {
	SUBJECT_NEW,        /* never enrolled, and the name is nobody's */
	SUBJECT_KNOWN,      /* enrolled under this name */
	SUBJECT_TAKES_OVER, /* the name is another's, whom an administrator lets this one replace */
	SUBJECT_OTHER_PERSON, /* the name is another person's */
	SUBJECT_OTHER_ISSUER, /* the name is a person's of another IdP */
	SUBJECT_OTHER_NAME,   /* enrolled under another name */
	SUBJECT_LOCAL_USER,   /* the name is a local user's: no business of single sign-on */
	SUBJECT_OTHER_SOURCE, /* likewise of another source of names, or nobody can tell */
};
