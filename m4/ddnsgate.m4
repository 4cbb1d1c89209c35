dnl DG_LIBRARY(VARIABLE, MODULE, DEBIAN-PACKAGE)
dnl A library from pkg-config, or an error that names the package.
AC_DEFUN([DG_LIBRARY],
[PKG_CHECK_MODULES([$1], [$2], [],
  [AC_MSG_ERROR([$2 not found (Debian: apt install $3)])])])

dnl DG_COMPILER_FLAGS(VARIABLE, FLAGS)
dnl Appends each flag that the compiler takes without a warning.
AC_DEFUN([DG_COMPILER_FLAGS],
[for dg_flag in m4_normalize([$2]); do
  AS_VAR_PUSHDEF([dg_cache], [dg_cv_cc_$dg_flag])
  AC_CACHE_CHECK([whether $CC takes $dg_flag], [dg_cache],
    [dg_save_CFLAGS=$CFLAGS
     CFLAGS="$CFLAGS -Werror $dg_flag"
     AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
       [AS_VAR_SET([dg_cache], [yes])], [AS_VAR_SET([dg_cache], [no])])
     CFLAGS=$dg_save_CFLAGS])
  AS_VAR_IF([dg_cache], [yes], [$1="$$1 $dg_flag"])
  AS_VAR_POPDEF([dg_cache])
done])

dnl DG_LINKER_FLAGS(VARIABLE, FLAGS)
AC_DEFUN([DG_LINKER_FLAGS],
[for dg_flag in m4_normalize([$2]); do
  AS_VAR_PUSHDEF([dg_cache], [dg_cv_ld_$dg_flag])
  AC_CACHE_CHECK([whether the linker takes $dg_flag], [dg_cache],
    [dg_save_LDFLAGS=$LDFLAGS dg_save_CFLAGS=$CFLAGS
     LDFLAGS="$LDFLAGS $dg_flag" CFLAGS="$CFLAGS -fPIE -Werror"
     AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
       [AS_VAR_SET([dg_cache], [yes])], [AS_VAR_SET([dg_cache], [no])])
     LDFLAGS=$dg_save_LDFLAGS CFLAGS=$dg_save_CFLAGS])
  AS_VAR_IF([dg_cache], [yes], [$1="$$1 $dg_flag"])
  AS_VAR_POPDEF([dg_cache])
done])

dnl DG_FORTIFY(VARIABLE)
dnl The highest _FORTIFY_SOURCE that works; it needs optimisation.
AC_DEFUN([DG_FORTIFY],
[AC_CACHE_CHECK([for the level of _FORTIFY_SOURCE], [dg_cv_fortify],
  [dg_save_CPPFLAGS=$CPPFLAGS dg_save_CFLAGS=$CFLAGS
   dg_cv_fortify=none
   for dg_level in 3 2; do
     CPPFLAGS="$dg_save_CPPFLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$dg_level"
     CFLAGS="$dg_save_CFLAGS -Werror"
     AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <string.h>
#if !defined __OPTIMIZE__
#error "_FORTIFY_SOURCE needs optimisation"
#endif]], [])], [dg_cv_fortify=$dg_level; break])
   done
   CPPFLAGS=$dg_save_CPPFLAGS CFLAGS=$dg_save_CFLAGS])
AS_IF([test "x$dg_cv_fortify" != xnone],
  [$1="$$1 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$dg_cv_fortify"])])
