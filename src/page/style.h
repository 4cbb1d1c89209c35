/*
 * style.h - how the pages look, in the dark and in the light, small and wide.
 */
#ifndef PAGE_STYLE_H
#define PAGE_STYLE_H

/* The text of the style element, with no character that HTML escapes. */
const char *style_text(void);

#endif
