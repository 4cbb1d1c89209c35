#include "config.h"

#include "base/buffer.h"
#include "provider/rest/body.h"
#include "provider/rest/template.h"

#define STRING_MAX 65536 /* bytes of one string */

static enum err
fill_string(json_object **to, const char *text, const struct scope *s,
    struct error *why)
{
	struct buffer made = { .max = STRING_MAX };
	json_object *typed = template_value(text, s);
	bool dropped;
	enum err rc;

	if (typed != NULL)
		return json_object_deep_copy(typed, to, NULL) == 0 ?
		    ERR_OK :
		    error_memory(why);
	rc = template_text(&made, text, s, ENCODE_PLAIN, &dropped, why);
	if (rc == ERR_OK && !dropped &&
	    (*to = json_object_new_string_len(made.data != NULL ? made.data :
								  "",
		 (int)made.len)) == NULL)
		rc = error_memory(why);
	buffer_free(&made);
	return rc;
}

static enum err
fill_object(json_object *to, json_object *tree, const struct scope *s,
    const struct group *each, struct error *why)
{
	json_object_object_foreach (tree, key, value) {
		json_object *member;

		TRY(body_fill(&member, value, s, each, why));
		if (member != NULL &&
		    json_object_object_add(to, key, member) != 0)
			return error_memory(why);
	}
	return ERR_OK;
}

static enum err
add_element(json_object *to, json_object *tree, const struct scope *s,
    const struct group *each, struct error *why)
{
	json_object *element;

	TRY(body_fill(&element, tree, s, each, why));
	if (element != NULL && json_object_array_add(to, element) != 0)
		return error_memory(why);
	return ERR_OK;
}

static enum err
fill_array(json_object *to, json_object *tree, const struct scope *s,
    const struct group *each, struct error *why)
{
	for (size_t i = 0; i < json_object_array_length(tree); i++)
		TRY(add_element(to, json_object_array_get_idx(tree, i), s, each,
		    why));
	return ERR_OK;
}

static enum err
fill_each(json_object *to, json_object *tree, const struct group *each,
    struct error *why)
{
	json_object *body = json_object_object_get(tree, "$each");
	json_object *conditions = json_object_object_get(tree, "$if");

	for (size_t i = 0; i < each->count; i++)
		if (scope_holds_all(&each->scopes[i], conditions))
			TRY(add_element(to, body, &each->scopes[i], NULL, why));
	return ERR_OK;
}

enum err
body_fill(json_object **to, json_object *tree, const struct scope *s,
    const struct group *each, struct error *why)
{
	bool is_each = json_object_object_get_ex(tree, "$each", NULL);
	enum err rc;

	*to = NULL;
	if (json_object_is_type(tree, json_type_string))
		rc = fill_string(to, json_object_get_string(tree), s, why);
	else if (is_each)
		rc = (*to = json_object_new_array()) != NULL ?
		    fill_each(*to, tree, each, why) :
		    error_memory(why);
	else if (json_object_is_type(tree, json_type_array))
		rc = (*to = json_object_new_array()) != NULL ?
		    fill_array(*to, tree, s, each, why) :
		    error_memory(why);
	else if (json_object_is_type(tree, json_type_object))
		rc = (*to = json_object_new_object()) != NULL ?
		    fill_object(*to, tree, s, each, why) :
		    error_memory(why);
	else
		rc = json_object_deep_copy(tree, to, NULL) == 0 ?
		    ERR_OK :
		    error_memory(why);
	/* No record for $each: the member falls away. */
	if (rc != ERR_OK || (is_each && json_object_array_length(*to) == 0)) {
		scope_wipe(*to);
		*to = NULL;
	}
	return rc;
}
