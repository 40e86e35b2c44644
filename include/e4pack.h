/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef E4PACK_H
#define E4PACK_H
#endif
