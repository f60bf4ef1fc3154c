// JPEG by libjpeg-turbo, as TensorFlow uses it.
#include "jpeg.h"

#include <stdexcept>

#ifdef TANUKI_JPEG
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <jpeglib.h>
#include <jerror.h>
#endif

namespace tanuki {

#ifndef TANUKI_JPEG

JpegPixels decodeJpeg(const uint8_t*, size_t, const JpegDecoding&) {
  throw std::runtime_error("this addon was built without libjpeg-turbo");
}
JpegFile encodeJpeg(const uint8_t*, int64_t, int64_t, int, const JpegEncoding&) {
  throw std::runtime_error("this addon was built without libjpeg-turbo");
}
std::string jpegLibraryVersion() { return ""; }

#else

namespace {

#define TANUKI_TEXT_OF(x) #x
#define TANUKI_TEXT(x) TANUKI_TEXT_OF(x)

// More than any camera or encoder makes; a file of endless empty scans would keep a thread busy for minutes.
constexpr int kMostScans = 500;

// The library reports errors by a jump back: frames between it and setjmp hold nothing that needs a destructor.
struct Errors {
  jpeg_error_mgr base;  // first, so that the library's pointer is a pointer to this
  jmp_buf back;
  char text[JMSG_LENGTH_MAX];
};

void fail(j_common_ptr info) {
  auto* errors = reinterpret_cast<Errors*>(info->err);
  info->err->format_message(info, errors->text);
  std::longjmp(errors->back, 1);
}
void say_nothing(j_common_ptr) {}

jpeg_error_mgr* prepare(Errors& errors) {
  jpeg_std_error(&errors.base);
  errors.base.error_exit = fail;
  errors.base.output_message = say_nothing;
  errors.text[0] = 0;
  return &errors.base;
}

[[noreturn]] void jump(Errors& errors, const char* text) {
  std::snprintf(errors.text, sizeof errors.text, "%s", text);
  std::longjmp(errors.back, 1);
}

// Reads from memory. The library's own source makes up an end for truncated files, with a warning; here that is an error.
struct Source {
  jpeg_source_mgr base;
  bool empty, recover;
};
const JOCTET kEnd[2] = {0xff, JPEG_EOI};

void ignore(j_decompress_ptr) {}
boolean need_more(j_decompress_ptr info) {
  auto* source = reinterpret_cast<Source*>(info->src);
  if (source->empty) ERREXIT(info, JERR_INPUT_EMPTY);
  if (!source->recover) ERREXIT(info, JERR_INPUT_EOF);
  WARNMS(info, JWRN_JPEG_EOF);
  source->base.next_input_byte = kEnd;
  source->base.bytes_in_buffer = 2;
  return TRUE;
}
void skip(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  auto* source = info->src;
  if (static_cast<size_t>(count) > source->bytes_in_buffer) {
    need_more(info);
    return;
  }
  source->next_input_byte += count;
  source->bytes_in_buffer -= count;
}

void limit_scans(j_common_ptr info) {
  auto* decoder = reinterpret_cast<j_decompress_ptr>(info);
  if (decoder->input_scan_number > kMostScans) jump(*reinterpret_cast<Errors*>(info->err), "more scans than any picture needs");
}

// Left in memory, not in registers: what is in here is read after a jump.
struct Decoder {
  jpeg_decompress_struct info;
  Errors errors;
  Source source;
  jpeg_progress_mgr progress;
  uint8_t* pixels;
  int channels;
};

bool is_cmyk(const jpeg_decompress_struct& info) {
  return info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
}

// As TensorFlow does it; with Adobe's marker, the values are inverted. Grey is Pillow's (TensorFlow refuses it).
void convert_cmyk(const uint8_t* row, int64_t width, bool inverted, int channels, uint8_t* out) {
  for (int64_t x = 0; x < width; x++, row += 4, out += channels) {
    uint8_t rgb[3];
    const int k = inverted ? row[3] : 255 - row[3];
    for (int c = 0; c < 3; c++) rgb[c] = static_cast<uint8_t>(k * (inverted ? row[c] : 255 - row[c]) / 255);
    if (channels == 1) {
      out[0] = static_cast<uint8_t>((19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + 0x8000) >> 16);
      continue;
    }
    std::memcpy(out, rgb, 3);
    if (channels == 4) out[3] = 255;
  }
}

bool run_decoder(Decoder& d, const uint8_t* bytes, size_t size, const JpegDecoding& how) {
  auto& info = d.info;
  info.err = prepare(d.errors);
  if (setjmp(d.errors.back)) return false;
  jpeg_create_decompress(&info);
  info.err = &d.errors.base;
  d.source.base = {bytes, size, ignore, need_more, skip, jpeg_resync_to_restart, ignore};
  d.source.empty = size == 0;
  d.source.recover = how.recoverTruncated;
  info.src = &d.source.base;
  d.progress.progress_monitor = limit_scans;
  info.progress = &d.progress;
  jpeg_read_header(&info, TRUE);
  if (static_cast<int64_t>(info.image_width) * info.image_height > how.maxPixels) {
    char text[120];
    std::snprintf(text, sizeof text, "the header claims %u x %u pixels", info.image_height, info.image_width);
    jump(d.errors, text);
  }
  d.channels = how.channels ? how.channels : info.num_components < 3 ? info.num_components : 3;
  const bool cmyk = is_cmyk(info);
  info.out_color_space = cmyk ? JCS_CMYK : d.channels == 1 ? JCS_GRAYSCALE : d.channels == 4 ? JCS_EXT_RGBA : JCS_RGB;
  info.dct_method = how.fast ? JDCT_IFAST : JDCT_ISLOW;
  info.do_fancy_upsampling = how.fancyUpscaling;
  info.scale_num = 1;
  info.scale_denom = how.ratio;
  jpeg_calc_output_dimensions(&info);
  if (how.wanted && !(*how.wanted)(info.output_height, info.output_width)) return true;
  const size_t pitch = static_cast<size_t>(info.output_width) * d.channels;
  d.pixels = static_cast<uint8_t*>(std::malloc(pitch * info.output_height));
  if (!d.pixels) jump(d.errors, "out of memory");
  jpeg_start_decompress(&info);
  JSAMPARRAY ink = cmyk ? info.mem->alloc_sarray(reinterpret_cast<j_common_ptr>(&info), JPOOL_IMAGE, info.output_width * 4, 1) : nullptr;
  while (info.output_scanline < info.output_height) {
    uint8_t* out = d.pixels + pitch * info.output_scanline;
    JSAMPROW row = cmyk ? ink[0] : out;
    if (jpeg_read_scanlines(&info, &row, 1) != 1) jump(d.errors, "a row is missing");
    if (cmyk) convert_cmyk(row, info.output_width, info.saw_Adobe_marker, d.channels, out);
  }
  // Reads on to the end of the file: what is missing behind the last row is missing too.
  jpeg_finish_decompress(&info);
  return true;
}

struct Encoder {
  jpeg_compress_struct info;
  Errors errors;
  unsigned char* out;
  unsigned long size;
};

bool run_encoder(Encoder& e, const uint8_t* pixels, int64_t height, int64_t width, int channels, const JpegEncoding& how) {
  auto& info = e.info;
  info.err = prepare(e.errors);
  if (setjmp(e.errors.back)) return false;
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, &e.out, &e.size);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = channels;
  info.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&info);
  if (how.optimizeSize) info.optimize_coding = TRUE;
  info.density_unit = static_cast<UINT8>(how.densityUnit);
  info.X_density = static_cast<UINT16>(how.xDensity);
  info.Y_density = static_cast<UINT16>(how.yDensity);
  jpeg_set_quality(&info, how.quality, TRUE);
  if (how.progressive) jpeg_simple_progression(&info);
  if (!how.chromaDownsampling)
    for (int i = 0; i < info.num_components; i++) info.comp_info[i].h_samp_factor = info.comp_info[i].v_samp_factor = 1;
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(pixels + static_cast<size_t>(width) * channels * info.next_scanline);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  return true;
}

}  // namespace

JpegPixels decodeJpeg(const uint8_t* bytes, size_t size, const JpegDecoding& how) {
  auto d = std::make_unique<Decoder>();
  std::memset(d.get(), 0, sizeof(Decoder));
  const bool done = run_decoder(*d, bytes, size, how);
  JpegPixels out;
  out.data.reset(d->pixels);
  out.height = d->info.output_height;
  out.width = d->info.output_width;
  out.channels = d->channels;
  jpeg_destroy_decompress(&d->info);
  if (!done) throw std::runtime_error(d->errors.text);
  return out;
}

JpegFile encodeJpeg(const uint8_t* pixels, int64_t height, int64_t width, int channels, const JpegEncoding& how) {
  auto e = std::make_unique<Encoder>();
  std::memset(e.get(), 0, sizeof(Encoder));
  const bool done = run_encoder(*e, pixels, height, width, channels, how);
  JpegFile out;
  jpeg_destroy_compress(&e->info);
  out.data.reset(e->out);
  out.size = e->size;
  if (!done) throw std::runtime_error(e->errors.text);
  return out;
}

std::string jpegLibraryVersion() { return TANUKI_TEXT(LIBJPEG_TURBO_VERSION); }

#endif

}  // namespace tanuki
