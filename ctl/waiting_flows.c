/* SPDX-License-Identifier: MIT */
#include "ctl/waiting_flows.h"

#include "common/config.h"
#include "paths.h"

uint32_t waiting_flows(void)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct config_problem problem = {0};

	if (config_load(COSMO_CONF_FILE, &config, &problem) != COSMO_OK &&
		config_parse("", 0, &config, &problem) != COSMO_OK)
		return 0;
	return config->host_flows + config->unknown_flows;
}
