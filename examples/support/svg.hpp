/// A small SVG writer: shapes in the coordinates of the image they are about, y down.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "output_file.hpp"

namespace svg {

/// The eight colours of Okabe and Ito, which colour-blind readers tell apart, and two greys.
inline constexpr std::string_view black = "#000000", orange = "#E69F00", sky_blue = "#56B4E9", green = "#009E73",
                                  yellow = "#F0E442", blue = "#0072B2", vermillion = "#D55E00", purple = "#CC79A7";
inline constexpr std::string_view white = "#FFFFFF", grey = "#999999", light_grey = "#DDDDDD";
inline constexpr std::string_view palette[] = {blue, vermillion, green, orange, sky_blue, purple, black, yellow};

/// How a shape is drawn. `width` is in pixels of the finished picture, whatever the coordinates are.
struct Style {
  std::string_view fill = "none";
  std::string_view stroke = "none";
  double width = 1;
  double opacity = 1;
  std::string_view dash = {};  ///< as SVG's stroke-dasharray, in pixels of the finished picture: "4 2"
};

enum class Anchor { start, middle, end };
enum class Corner { top_left, top_right, bottom_left, bottom_right };

/// One line of a legend.
struct Entry {
  std::string label;
  Style style;
};

/// `text` with the five characters escaped that mean something in XML; control characters, which it forbids, dropped.
[[nodiscard]] inline std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) {
          out += c;
        }
    }
  }
  return out;
}

/// A picture of the window (x, y, width, height) of some plane, `pixels` wide. Points are anything with .x and .y.
class Canvas {
 public:
  Canvas(double x, double y, double width, double height, double pixels = 1000)
      : x_(x), y_(y), width_(width), height_(height), unit_(width / pixels), pixels_(pixels) {
    if (!(width > 0 && height > 0 && pixels > 0)) {
      throw std::invalid_argument("svg::Canvas: width, height and pixels must be positive");
    }
  }

  /// The size of one pixel of the finished picture in the coordinates of the shapes: for text sizes and radii.
  [[nodiscard]] double unit() const noexcept { return unit_; }

  void rect(double x, double y, double width, double height, const Style& style) {
    open("rect");
    attribute("x", x), attribute("y", y), attribute("width", width), attribute("height", height);
    close(style);
  }

  /// A box by its corners: anything with .x1, .y1, .x2, .y2.
  template <class Box>
  void box(const Box& b, const Style& style) {
    rect(static_cast<double>(b.x1), static_cast<double>(b.y1), static_cast<double>(b.x2) - static_cast<double>(b.x1),
         static_cast<double>(b.y2) - static_cast<double>(b.y1), style);
  }

  template <class Points>
  void polygon(const Points& points, const Style& style) {
    many("polygon", points, style);
  }

  template <class Points>
  void polyline(const Points& points, const Style& style) {
    many("polyline", points, style);
  }

  /// Rings filled by the even-odd rule: a shell and its holes.
  template <class Rings>
  void rings(const Rings& rings, const Style& style) {
    open("path");
    body_ += " fill-rule=\"evenodd\" d=\"";
    for (const auto& ring : rings) {
      char command = 'M';
      for (const auto& p : ring) {
        body_ += command;
        number(static_cast<double>(p.x)), body_ += ' ', number(static_cast<double>(p.y));
        command = 'L';
      }
      body_ += 'Z';
    }
    body_ += '"';
    close(style);
  }

  void line(double x1, double y1, double x2, double y2, const Style& style) {
    open("line");
    attribute("x1", x1), attribute("y1", y1), attribute("x2", x2), attribute("y2", y2);
    close(style);
  }

  void circle(double x, double y, double radius, const Style& style) {
    open("circle");
    attribute("cx", x), attribute("cy", y), attribute("r", radius);
    close(style);
  }

  /// A line of text with its baseline at y; `size` in pixels of the finished picture; `degrees` clockwise about (x, y).
  void text(double x, double y, std::string_view words, double size = 12, Anchor anchor = Anchor::start,
            std::string_view fill = black, double degrees = 0) {
    open("text");
    attribute("x", x), attribute("y", y), attribute("font-size", size * unit_);
    body_ += " font-family=\"sans-serif\" fill=\"" + escape(fill) + '"';
    if (anchor != Anchor::start) {
      body_ += anchor == Anchor::middle ? " text-anchor=\"middle\"" : " text-anchor=\"end\"";
    }
    if (degrees != 0) {
      body_ += " transform=\"rotate(";
      number(degrees), body_ += ' ', number(x), body_ += ' ', number(y);
      body_ += ")\"";
    }
    body_ += '>' + escape(words) + "</text>\n";
  }

  /// A picture of the same window behind what follows: a path or a data: URI.
  void image(std::string_view href, double x, double y, double width, double height) {
    open("image");
    attribute("x", x), attribute("y", y), attribute("width", width), attribute("height", height);
    body_ += " preserveAspectRatio=\"none\" href=\"" + escape(href) + "\"/>\n";
  }

  /// Draws what `draw()` draws as one layer with one opacity, so that overlapping strokes do not add up.
  template <class Draw>
  void group(double opacity, Draw draw) {
    body_ += "<g";
    attribute("opacity", opacity);
    body_ += ">\n";
    draw();
    body_ += "</g>\n";
  }

  /// A legend on a white ground in a corner, one swatch and one line of text an entry.
  void legend(const std::vector<Entry>& entries, Corner corner = Corner::top_right, double size = 13) {
    std::size_t longest = 0;
    for (const Entry& entry : entries) {
      longest = std::max(longest, entry.label.size());
    }
    const double line_height = 1.6 * size * unit_, swatch = 1.6 * size * unit_, margin = 0.7 * size * unit_;
    const double width = 3 * margin + swatch + 0.58 * size * unit_ * static_cast<double>(longest);
    const double height = margin + line_height * static_cast<double>(entries.size());
    const bool left = corner == Corner::top_left || corner == Corner::bottom_left;
    const bool top = corner == Corner::top_left || corner == Corner::top_right;
    const double x = left ? x_ + margin : x_ + width_ - width - margin;
    double y = top ? y_ + margin : y_ + height_ - height - margin;
    rect(x, y, width, height, {.fill = white, .stroke = grey, .width = 1, .opacity = 0.93});
    y += margin / 2;
    for (const Entry& entry : entries) {
      rect(x + margin, y + 0.2 * line_height, swatch, 0.6 * line_height, entry.style);
      text(x + 2 * margin + swatch, y + 0.72 * line_height, entry.label, size);
      y += line_height;
    }
  }

  /// A legend in one line from (x, y) on, y its middle: for a strip that is kept free beside the picture.
  void legend_row(double x, double y, const std::vector<Entry>& entries, double size = 13) {
    const double swatch = 1.5 * size * unit_, gap = 0.5 * size * unit_;
    for (const Entry& entry : entries) {
      rect(x, y - 0.5 * size * unit_, swatch, size * unit_, entry.style);
      text(x + swatch + gap, y + 0.36 * size * unit_, entry.label, size);
      x += swatch + 3 * gap + 0.6 * size * unit_ * static_cast<double>(entry.label.size());
    }
  }

  /// The whole document.
  [[nodiscard]] std::string str() const {
    Canvas head(x_, y_, width_, height_, pixels_);
    head.body_ = "<svg xmlns=\"http://www.w3.org/2000/svg\"";
    head.attribute("width", pixels_);
    head.attribute("height", height_ / unit_);
    head.body_ += " viewBox=\"";
    head.number(x_), head.body_ += ' ', head.number(y_), head.body_ += ' ';
    head.number(width_), head.body_ += ' ', head.number(height_);
    head.body_ += "\">\n";
    head.rect(x_, y_, width_, height_, {.fill = white});
    return head.body_ + body_ + "</svg>\n";
  }

  /// Writes the document; the file is there whole or not at all.
  void save(const std::filesystem::path& path) const { write_file(path, str()); }

 private:
  void open(std::string_view element) { (body_ += '<') += element; }

  void number(double value) {
    if (!std::isfinite(value)) {
      throw std::invalid_argument("svg::Canvas: a coordinate is not finite");
    }
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.7g", value);
    body_ += digits;
  }

  void attribute(std::string_view name, double value) {
    ((body_ += ' ') += name) += "=\"";
    number(value);
    body_ += '"';
  }

  template <class Points>
  void many(std::string_view element, const Points& points, const Style& style) {
    open(element);
    body_ += " points=\"";
    for (const auto& p : points) {
      number(static_cast<double>(p.x)), body_ += ',', number(static_cast<double>(p.y)), body_ += ' ';
    }
    body_ += '"';
    close(style);
  }

  void close(const Style& style) {
    body_ += " fill=\"" + escape(style.fill) + '"';
    if (style.stroke != "none") {
      body_ += " stroke=\"" + escape(style.stroke) + '"';
      attribute("stroke-width", style.width * unit_);
    }
    if (!style.dash.empty() && style.stroke != "none") {
      body_ += " stroke-dasharray=\"";
      double length = 0;
      for (std::string_view rest = style.dash; std::sscanf(std::string(rest).c_str(), "%lf", &length) == 1;) {
        number(length * unit_), body_ += ' ';
        const std::size_t space = rest.find(' ');
        rest = space == std::string_view::npos ? std::string_view{} : rest.substr(space + 1);
      }
      body_ += '"';
    }
    if (style.opacity < 1) {
      attribute("opacity", style.opacity);
    }
    body_ += "/>\n";
  }

  double x_, y_, width_, height_, unit_, pixels_;
  std::string body_;
};

}  // namespace svg
