#include "config.h"

#include <stdio.h>
#include <stdint.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "page/page.h"
#include "page/style.h"

#define POLICY_MAX 256

/* Neither & nor quotes nor angle brackets: html_text() must change nothing. */
static const char style[] =
    ":root{color-scheme:light dark;--back:#f4f6f8;--card:#fff;--line:#d5dbe1;"
    "--text:#17202a;--soft:#566573;--link:#1558b0;--good:#1b6e3c;"
    "--bad:#a3231b;--warn:#7a4d00;--had:#2f6fb5;--other:#8db9e6;"
    "--badback:#fdf1f0;--shade:#eef1f4}"
    "@media(prefers-color-scheme:dark){:root{--back:#10151b;--card:#19212a;"
    "--line:#303c48;--text:#e6ebf0;--soft:#a3b1be;--link:#85bbff;"
    "--good:#6fd396;--bad:#ff9a90;--warn:#f2be5c;--had:#5b9be0;"
    "--other:#335c87;--badback:#2b1d1e;--shade:#222c36}}"
    "*{box-sizing:border-box}"
    "html{-webkit-text-size-adjust:100%}"
    "body{margin:0;background:var(--back);color:var(--text);"
    "font:1rem/1.5 system-ui,-apple-system,Segoe UI,Roboto,Cantarell,"
    "DejaVu Sans,sans-serif;overflow-wrap:anywhere}"
    "p,h1,h2,dl,dd,figure,ol{margin:0;padding:0}"
    "a{color:var(--link)}"
    "a:focus-visible,button:focus-visible,input:focus-visible,"
    "select:focus-visible,summary:focus-visible{outline:3px solid "
    "var(--link);outline-offset:2px}"
    ".bar,main,footer{max-width:56rem;margin:0 auto;padding:0 1rem}"
    ".top{background:var(--card);border-bottom:1px solid "
    "var(--line)}"
    ".bar{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem 1.25rem;"
    "padding-top:.6rem;padding-bottom:.6rem}"
    ".brand{font-weight:700;letter-spacing:.01em}"
    ".bar nav{display:flex;gap:.25rem}"
    ".bar nav a{padding:.35rem .7rem;border-radius:.4rem;"
    "text-decoration:none}"
    ".bar nav a[aria-current]{background:var(--shade);color:var(--text);"
    "font-weight:600}"
    ".user{margin-left:auto;color:var(--soft);font-size:.9rem}"
    ".user b{color:var(--text)}"
    "h1{font-size:1.5rem;line-height:1.2;margin:1.5rem 0 1rem}"
    "h2{font-size:1.1rem;line-height:1.35}"
    "h2 a{text-decoration:none}"
    "h2 a:hover{text-decoration:underline}"
    ".day{margin:1.5rem 0 .5rem;font-size:1rem;color:var(--soft)}"
    "form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;"
    "margin:0 0 1rem}"
    "label{display:flex;gap:.5rem;align-items:center;font-size:.9rem;"
    "color:var(--soft)}"
    "label input,label select{color:var(--text);font-size:1rem}"
    "label:has(input[type=search]){flex:1 1 16rem}"
    "input,select,button{font:inherit;color:inherit;background:var(--card);"
    "border:1px solid var(--soft);border-radius:.4rem;padding:.4rem .6rem;"
    "max-width:100%}"
    "input[type=search]{flex:1 1 8rem;min-width:0}"
    "button{background:var(--link);border-color:var(--link);"
    "color:var(--card);font-weight:600;cursor:pointer}"
    ".count{color:var(--soft);font-size:.9rem;margin:0 0 .75rem}"
    "article,.event{background:var(--card);border:1px solid var(--line);"
    "border-radius:.6rem;padding:1rem;margin:0 0 1rem}"
    "article header{display:flex;flex-wrap:wrap;align-items:baseline;"
    "gap:.1rem 1rem}"
    ".state{display:flex;align-items:center;gap:.4rem;font-weight:600;"
    "margin-left:auto}"
    ".of{flex-basis:100%;color:var(--soft);font-size:.9rem}"
    ".good .icon,.state.good{color:var(--good)}"
    ".bad .icon,.state.bad{color:var(--bad)}"
    ".state.warn,.soon{color:var(--warn)}"
    ".state.wait{color:var(--soft)}"
    ".soon{font-weight:600}"
    ".icon{width:1em;height:1em;fill:currentColor;flex:none;"
    "vertical-align:-.125em}"
    "dl{margin:.75rem 0 0}"
    "dl div{display:grid;grid-template-columns:7.5rem 1fr;gap:0 .75rem;"
    "padding:.15rem 0}"
    "dt{color:var(--soft)}"
    ".address{font-family:ui-monospace,SFMono-Regular,Consolas,"
    "DejaVu Sans Mono,monospace;font-size:.95em}"
    "code{font-family:ui-monospace,SFMono-Regular,Consolas,"
    "DejaVu Sans Mono,monospace;font-size:.9em;background:var(--shade);"
    "border-radius:.25rem;padding:.1em .2em}"
    ".aside{color:var(--soft);font-size:.9rem}"
    "figure{margin:.85rem 0 0}"
    "figure svg{display:block;width:100%;height:1.75rem}"
    "figcaption{display:flex;gap:.75rem;justify-content:space-between;"
    "color:var(--soft);font-size:.85rem}"
    ".sum{text-align:center}"
    ".end{flex:none}"
    ".base{fill:var(--line)}"
    ".had{fill:var(--had)}"
    ".had.other{fill:var(--other)}"
    ".refused{fill:var(--bad)}"
    ".note{margin:.85rem 0 0;padding:.6rem .8rem;border-radius:.4rem;"
    "background:var(--shade);border-left:4px solid var(--soft)}"
    ".note.bad{background:var(--badback);border-left-color:var(--bad)}"
    ".note.past{background:none;padding:0;border:0;color:var(--soft)}"
    "main .note.bad .icon{margin-right:.4rem}"
    ".note p+p{margin-top:.3rem}"
    ".reason{font-size:.95rem}"
    ".events{list-style:none}"
    ".event{padding:.75rem 1rem;margin-bottom:.5rem}"
    ".what{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 .5rem}"
    ".what time{margin-left:auto;color:var(--soft)}"
    ".name{font-weight:600}"
    ".event details{margin-top:.25rem;font-size:.9rem}"
    "summary{cursor:pointer;color:var(--link)}"
    "details dl{margin:.25rem 0 0}"
    ".pages{display:flex;flex-wrap:wrap;gap:.5rem 1.25rem;"
    "align-items:center;margin:1rem 0}"
    ".pages a{padding:.4rem 0}"
    "footer{color:var(--soft);font-size:.85rem;padding-top:.5rem;"
    "padding-bottom:2rem}"
    "@media(max-width:34rem){dl div{grid-template-columns:1fr}"
    ".state,.user{margin-left:0}"
    "figcaption{flex-wrap:wrap;gap:0 .75rem}"
    "label{flex:1 1 100%}label input,label select{flex:1}"
    ".sum{order:1;flex-basis:100%}"
    "article header .state{flex-basis:100%}"
    ".what time{margin-left:0;flex-basis:100%}}"
    "@media(forced-colors:active){.had,.base{fill:CanvasText}"
    ".had.other{fill:GrayText}.refused{fill:Mark}}";

const char *
style_text(void)
{
	return style;
}

/* Of a constant, so it is worked out once. */
const char *
page_policy(void)
{
	static char text[POLICY_MAX];
	uint8_t hash[32] = { 0 };
	gnutls_datum_t in = { hash, sizeof hash }, base64 = { NULL, 0 };

	if (text[0] != '\0' ||
	    gnutls_hash_fast(GNUTLS_DIG_SHA256, style, sizeof style - 1,
		hash) != 0 ||
	    gnutls_base64_encode2(&in, &base64) != 0)
		return text[0] != '\0' ? text : "default-src 'none'";
	snprintf(text, sizeof text,
	    "default-src 'none'; style-src 'sha256-%.*s'; form-action 'self'; "
	    "base-uri 'none'; frame-ancestors 'none'",
	    (int)base64.size, (char *)base64.data);
	gnutls_free(base64.data);
	return text;
}
