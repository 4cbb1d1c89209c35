#include "config.h"

#include "address/prefix.h"

bool
suffix_fits(const struct address *suffix, unsigned int prefix_length)
{
	struct address head = *suffix;
	static const struct address zero = { .family = AF_INET6 };

	address_mask(&head, prefix_length);
	return address_equal(&head, &zero);
}

enum err
prefix_join(struct address *host, const struct prefix *p,
    unsigned int prefix_length, const struct address *suffix, struct error *why)
{
	if (p->length < prefix_length)
		return error_set(why, ERR_ADDRESS,
		    "prefix: /%u is shorter than the /%u that the host needs",
		    p->length, prefix_length);
	*host = p->address;
	address_mask(host, prefix_length);
	for (size_t i = 0; i < sizeof host->bytes; i++)
		host->bytes[i] |= suffix->bytes[i];
	return ERR_OK;
}
