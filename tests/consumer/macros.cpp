// What the headers of Windows and X11 do to those who include them first, NOMINMAX forgotten: the standard headers,
// then the macros, then ours.
#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <limits>
#include <map>
#include <memory>
#include <nanoflann.hpp>
#include <numbers>
#include <numeric>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
// Of minwindef.h, rpcndr.h, combaseapi.h, winnt.h, winerror.h, wingdi.h, winuser.h and winbase.h.
#define near
#define far
#define NEAR
#define FAR
#define small char
#define hyper long long
#define interface struct
#define cdecl
#define pascal
#define IN
#define OUT
#define OPTIONAL
#define CONST const
#define VOID void
#define THIS void
#define THIS_
#define PURE = 0
#define TRUE 1
#define FALSE 0
#define STRICT 1
#define DELETE (0x00010000L)
#define NO_ERROR 0L
#define ERROR 0
#define NULLREGION 1
#define ABSOLUTE 1
#define RELATIVE 2
#define ALTERNATE 1
#define WINDING 2
#define TRANSPARENT 1
#define OPAQUE 2
#define DIFFERENCE 11
#define IGNORE 0
#define INFINITE 0xffffffff
#define MAX_PATH 260
#define Yield()
#define RGB(r, g, b) ((r) | ((g) << 8) | ((b) << 16))
#define GetObject GetObjectA
#define DrawText DrawTextA
#define LoadImage LoadImageA
// Of Xlib.h.
#define None 0L
#define Bool int
#define Status int
#define True 1
#define False 0
#define Always 2
#define Success 0

#include <boxlap/boxlap.hpp>

float with_macros(const boxlap::Box<float>& a, const boxlap::Box<float>& b) { return boxlap::iou(a, b); }
