/// Images are Eigen's row-major arrays: how one is read, written, resized and refused.
#pragma once

#include <Eigen/Core>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>

#include "../base/detail/error.hpp"
#include "../base/index.hpp"

namespace boxlap {
namespace detail {

/// Rows of pixels in someone else's memory.
template <class Pixel>
struct Raster {
  Pixel* data = nullptr;
  Index rows = 0, cols = 0;
  std::ptrdiff_t stride = 0;  ///< pixels from one row to the next

  [[nodiscard]] Pixel* row(Index y) const noexcept { return data + y * stride; }
  [[nodiscard]] bool empty() const noexcept { return rows == 0 || cols == 0; }
};

template <class E>
concept EigenDense = std::derived_from<std::remove_cvref_t<E>, Eigen::DenseBase<std::remove_cvref_t<E>>>;

/// An array that owns its memory and can change its size: Array and Matrix, not Map, Block or Ref.
template <class E>
inline constexpr bool is_resizable = std::derived_from<E, Eigen::PlainObjectBase<E>>&& E::RowsAtCompileTime ==
                                     Eigen::Dynamic&& E::ColsAtCompileTime == Eigen::Dynamic;

template <class Scalar>
concept PixelScalar = std::is_arithmetic_v<Scalar> && !std::same_as<Scalar, long double>;

/// Pixels as they are summed: bool, true being 1, as a byte. There is no row of bool in a std::vector.
template <class Scalar>
using PixelOf = std::conditional_t<std::same_as<std::remove_cv_t<Scalar>, bool>, std::uint8_t, Scalar>;
static_assert(sizeof(bool) == 1);

template <EigenDense E>
constexpr void refuse_unreadable_layout() {
  static_assert(E::IsRowMajor,
                "boxlap: this image is column-major. Declare it row-major: "
                "Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>");
  static_assert((E::Flags & Eigen::DirectAccessBit) != 0,
                "boxlap: this image is an unevaluated Eigen expression. Assign it to an array first.");
  static_assert(PixelScalar<typename E::Scalar>, "boxlap: pixels are bool, integers, float or double");
}

/// Pixel: the element type of `image`, or what is read in its place.
template <class Pixel, EigenDense E>
[[nodiscard]] Raster<Pixel> raster_of(E& image, const char* name) {
  if constexpr ((E::Flags & Eigen::DirectAccessBit) == 0) {
    return {};  // was refused already: no second message
  } else {
    if (image.innerStride() != 1 && image.cols() > 1) [[unlikely]] {
      invalid(name, " has an inner stride of ", image.innerStride(), ", its rows must be contiguous");
    }
    using Mutable = std::remove_const_t<Pixel>;
    auto* data = const_cast<typename E::Scalar*>(image.derived().data());
    return {reinterpret_cast<Mutable*>(data), to_index(static_cast<std::size_t>(image.rows()), name),
            to_index(static_cast<std::size_t>(image.cols()), name), image.outerStride()};
  }
}

template <EigenDense E>
[[nodiscard]] auto input(const E& image, const char* name) {
  refuse_unreadable_layout<E>();
  return raster_of<const PixelOf<typename E::Scalar>>(image, name);
}

template <class A, class B>
[[nodiscard]] bool same_memory(const Raster<A>& a, const Raster<B>& b) {
  if constexpr (!std::same_as<std::remove_const_t<A>, std::remove_const_t<B>>) {
    return false;
  } else {
    return !a.empty() && a.data == b.data && a.rows == b.rows && a.cols == b.cols && a.stride == b.stride;
  }
}

template <class A, class B>
[[nodiscard]] bool overlap(const Raster<A>& a, const Raster<B>& b) {
  if (a.empty() || b.empty()) {
    return false;
  }
  using Byte = const unsigned char;
  const auto* a_begin = reinterpret_cast<Byte*>(a.data);
  const auto* a_end = reinterpret_cast<Byte*>(a.row(a.rows - 1) + a.cols);
  const auto* b_begin = reinterpret_cast<Byte*>(b.data);
  const auto* b_end = reinterpret_cast<Byte*>(b.row(b.rows - 1) + b.cols);
  return std::less<>{}(a_begin, b_end) && std::less<>{}(b_begin, a_end);
}

/// Refuses memory that is written while it is still needed; the very same image is fine where in_place says so.
template <class A, class B>
void refuse_overlap(const Raster<A>& a, const char* a_name, const Raster<B>& b, const char* b_name, bool in_place) {
  if (!overlap(a, b) || (in_place && same_memory(a, b))) [[likely]] {
    return;
  }
  invalid(b_name, " overlaps ", a_name, " in memory",
          in_place ? ": give the same image for both (same type, place and size), or separate memory" : "");
}

template <class A, class B>
void require_same_size(const Raster<A>& a, const char* a_name, const Raster<B>& b, const char* b_name) {
  if (a.rows != b.rows || a.cols != b.cols) [[unlikely]] {
    invalid(b_name, " is ", b.rows, " x ", b.cols, ", ", a_name, " is ", a.rows, " x ", a.cols);
  }
}

/// `out` as a raster of the size of `like`: an owned array is resized, a Map or Block of another size is refused.
template <class E, class Pixel>
requires EigenDense<E>
[[nodiscard]] auto output(E& out, const char* name, const Raster<Pixel>& like, const char* like_name, bool in_place) {
  using Scalar = typename E::Scalar;
  refuse_unreadable_layout<E>();
  static_assert(std::floating_point<Scalar>,
                "boxlap: results are float or double; integer results would be truncated silently");
  static_assert((E::Flags & Eigen::LvalueBit) != 0 &&
                    !(std::is_const_v<E> && std::derived_from<E, Eigen::PlainObjectBase<std::remove_const_t<E>>>),
                "boxlap: this output cannot be written to");
  refuse_overlap(like, like_name, raster_of<Scalar>(out, name), name, in_place);
  if constexpr (is_resizable<E>) {
    out.resize(like.rows, like.cols);
  }
  const Raster<Scalar> raster = raster_of<Scalar>(out, name);
  require_same_size(like, like_name, raster, name);
  return raster;
}

struct MaskAccess;

}  // namespace detail

/// Which pixels count: a row-major Eigen array of bool or bytes, true (not 0) where the pixel is valid.
///
/// Converts from such an array, Map or Block and refers to it; empty (the default) means that all pixels count.
class Mask {
 public:
  Mask() = default;

  template <class E>
  // NOLINTNEXTLINE(google-explicit-constructor): {.mask = valid} is the way to write it
  requires detail::EigenDense<E> Mask(const E& valid) {
    static_assert(sizeof(typename E::Scalar) == 1 && std::integral<typename E::Scalar>,
                  "boxlap: a mask holds bool or one-byte integers");
    const auto view = detail::input(valid, "mask");
    raster_ = {reinterpret_cast<const std::uint8_t*>(view.data), view.rows, view.cols, view.stride};
    given_ = true;
  }
  template <class E>
  // Temporaries that own their pixels. NOLINTNEXTLINE(bugprone-forwarding-reference-overload)
  requires(detail::EigenDense<E> && !std::is_lvalue_reference_v<E> && detail::is_resizable<E>) Mask(E&&)
  = delete;

  [[nodiscard]] bool given() const noexcept { return given_; }
  /// One byte a pixel of row y, or nullptr when all pixels count.
  [[nodiscard]] const std::uint8_t* row(Index y) const noexcept { return given_ ? raster_.row(y) : nullptr; }

 private:
  friend struct detail::MaskAccess;

  detail::Raster<const std::uint8_t> raster_;
  bool given_ = false;
};

namespace detail {

struct MaskAccess {
  static const Raster<const std::uint8_t>& raster(const Mask& mask) noexcept { return mask.raster_; }
};

}  // namespace detail

}  // namespace boxlap
