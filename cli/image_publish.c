/* `signet image publish`. Trust: see the header. */
#include "cli/image_publish.h"

#include "cli/image_commands.h"
#include "cli/image_common.h"
#include "lib/print.h"

void image_digest_text(const struct image_file *f, char out[IMAGE_DIGEST_TEXT])
{
	u8 digest[SHA384_SIZE];

	sha384_of(image_file_manifest(f), (size_t)f->layout.manifest_length, digest);
	hex_encode(out, digest, sizeof(digest));
}

enum exit_code image_upload(struct fleet_client *c, const struct image_file *f, bool whole, yyjson_doc **out)
{
	u64 length = whole ? f->layout.image_length : f->layout.payload_offset;

	return fleet_put_file(c, f->fd, length, whole ? "uploading image" : "uploading head", out, "/v1/images");
}

static void print_published(const struct args *args, yyjson_val *image)
{
	(void)args;
	printf("Published ");
	print_plain(stdout, answer_text(image, "product", "?"));
	putchar(' ');
	print_plain(stdout, answer_text(image, "release", "?"));
	printf(", SVN %llu, %s\n", (unsigned long long)answer_number(image, "svn", 0),
	        answer_bool(image, "whole") ? "whole: nodes can be updated to it"
	                                    : "its head: nodes that run it can be appraised");
	printf("  manifest %s\n", answer_text(image, "digest", "?"));
}

static enum exit_code publish_file(struct fleet_client *c, const struct args *args, const struct image_file *f)
{
	bool whole = option_given(args, "whole");
	yyjson_doc *doc;

	if (whole && f->head_only) {
		note("%s is a signing request: it has no payload that could be published whole", operand(args, 0));
		return EXIT_FAILED;
	}
	enum exit_code code = image_upload(c, f, whole, &doc);

	return code == EXIT_OK ? show_answer(args, doc, print_published) : code;
}

static enum exit_code publish(struct fleet_client *c, const struct args *args)
{
	static struct image_file file;
	enum exit_code code = open_image(operand(args, 0), &file);

	if (code != EXIT_OK)
		return code;
	code = publish_file(c, args, &file);
	image_file_close(&file);
	return code;
}

enum exit_code image_publish_command(const struct args *args)
{
	return fleet_run(args, publish);
}

static u32 flags_of(yyjson_val *image)
{
	u32 flags = 0;
	size_t at, max;
	yyjson_val *flag;

	yyjson_arr_foreach(yyjson_obj_get(image, "flags"), at, max, flag)
		flags |= yyjson_equals_str(flag, "development") ? IMAGE_DEVELOPMENT
		        : yyjson_equals_str(flag, "debug")      ? IMAGE_DEBUG
		                                                : 0u;
	return flags;
}

static void images_print(const struct args *args, yyjson_val *answer)
{
	static const char *const headings[] = { "MANIFEST", "RELEASE", "SVN", "FLAGS", "EXPIRES", "WHOLE" };
	char when[AGO_TEXT];
	struct columns t;
	size_t at, max;
	yyjson_val *each;

	(void)args;
	columns_begin(&t, headings, ARRAY_SIZE(headings), BIT(2));
	yyjson_arr_foreach(yyjson_obj_get(answer, "images"), at, max, each) {
		columns_add(&t, "%.*s", SHORT_ID, answer_text(each, "digest", ""));
		columns_add(&t, "%s", answer_text(each, "release", ""));
		columns_add(&t, "%llu", (unsigned long long)answer_number(each, "svn", 0));
		columns_add(&t, "%s", flags_text(flags_of(each)));
		columns_add(&t, "%s", format_ago(when, answer_time(each, "expiry"), now_seconds()));
		columns_add(&t, "%s", answer_bool(each, "whole") ? "yes" : "head");
	}
	(void)columns_end(&t, stdout);
}

static enum exit_code list(struct fleet_client *c, const struct args *args)
{
	return show_target(c, args, "/v1/images", images_print);
}

enum exit_code image_list_command(const struct args *args)
{
	return fleet_run(args, list);
}
