#include "render_scene.hpp"

#include <algorithm>
#include <cmath>

#include "maths.hpp"

namespace fw {

namespace {

using Matrix = std::array<std::array<double, 3>, 3>;

// Rz(roll) Ry(yaw) Rx(pitch) in the camera frame (x right, y up, z towards the camera); roll is clockwise in the image,
// hence about -z.
Matrix rotation(const SceneCamera &camera) {
    const auto [sx, cx] = sincos_deg(camera.pitch_deg);
    const auto [sy, cy] = sincos_deg(camera.yaw_deg);
    const auto [sz, cz] = sincos_deg(-camera.roll_deg);
    return {{{cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx},
             {sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx},
             {-sy, cy * sx, cy * cx}}};
}

double dot(const std::array<double, 3> &a, const std::array<double, 3> &b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

// (x, y) -> (a x - b y + tx, b x + a y + ty), y down: a rotation by a positive angle is clockwise in the image.
struct Similarity {
    double a, b, tx, ty;

    Similarity then(const Similarity &next) const {
        return {next.a * a - next.b * b, next.b * a + next.a * b, next.a * tx - next.b * ty + next.tx,
                next.b * tx + next.a * ty + next.ty};
    }
};

using Points = std::array<double, 2 * kAlignment>;

Similarity fit(const Points &from, const Points &to) {
    double mx = 0, my = 0, qx = 0, qy = 0;
    for (int i = 0; i < kAlignment; ++i) {
        mx += from[2 * i];
        my += from[2 * i + 1];
        qx += to[2 * i];
        qy += to[2 * i + 1];
    }
    mx /= kAlignment, my /= kAlignment, qx /= kAlignment, qy /= kAlignment;
    double spread = 0, along = 0, across = 0;
    for (int i = 0; i < kAlignment; ++i) {
        const double x = from[2 * i] - mx, y = from[2 * i + 1] - my, u = to[2 * i] - qx, v = to[2 * i + 1] - qy;
        spread += x * x + y * y;
        along += x * u + y * v;
        across += x * v - y * u;
    }
    const double a = along / spread, b = across / spread;
    return {a, b, qx - (a * mx - b * my), qy - (b * mx + a * my)};
}

// What happens to an image after framing, about its centre.
Similarity adjustment(const SceneCamera &camera, const CropTemplate &crop) {
    const bool jittered = crop.framing != Framing::Pinhole;
    const auto [s, c] = sincos_deg(jittered ? camera.jitter_deg : 0.0);
    const double factor = double{camera.scale} * (jittered ? camera.jitter_scale : 1.0f);
    const double a = factor * c, b = factor * s;
    const double centre = 0.5 * crop.size_px, px = jittered ? crop.size_px / 112.0 : 0.0;
    return {a, b, centre - (a * centre - b * centre) + camera.jitter_x_px * px + double{camera.shift_x} * crop.size_px,
            centre - (b * centre + a * centre) + camera.jitter_y_px * px + double{camera.shift_y} * crop.size_px};
}

using Point = std::array<double, 3>;

Point to_point(const Vec3 &v) { return {v.x, v.y, v.z}; }

// A camera before framing: what it sees on its image plane at depth 1, y down.
struct Eye {
    Matrix R;
    double right_mm, up_mm, distance_mm;
    bool orthographic;

    std::array<double, 2> plane(const Point &p) const {
        const double depth = orthographic ? distance_mm : distance_mm - dot(R[2], p);
        return {(dot(R[0], p) + right_mm) / depth, -(dot(R[1], p) + up_mm) / depth};
    }
};

Point mean_of(const Point &a, const Point &b) {
    return {0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1]), 0.5 * (a[2] + b[2])};
}

// The alignment landmarks on the image plane.
Points plane_points(const Rig &rig, std::span<const Position> positions_mm, const Eye &eye) {
    Points out{};
    for (int i = 0; i < kAlignment; ++i) {
        Point mean{0, 0, 0};
        for (const int32_t v : rig.alignment[i]) {
            mean[0] += positions_mm[v].x;
            mean[1] += positions_mm[v].y;
            mean[2] += positions_mm[v].z;
        }
        for (double &m : mean) m /= kAlignmentVertices;
        const auto [x, y] = eye.plane(mean);
        out[2 * i] = x;
        out[2 * i + 1] = y;
    }
    return out;
}

// The side of the face's box on the image plane. The hairline is taken to be as far above the brows as half of what the
// chin is below them (the rule of thirds).
double box_side(const Rig &rig, std::span<const Position> positions_mm, const Eye &eye) {
    const auto landmark = [&](int i) { return to_point(positions_mm[rig.landmarks[i]]); };
    const Point chin = landmark(8), glabella = mean_of(landmark(21), landmark(22));
    const Point hairline{1.5 * glabella[0] - 0.5 * chin[0], 1.5 * glabella[1] - 0.5 * chin[1], 1.5 * glabella[2] - 0.5 * chin[2]};
    std::array<double, 2> low{INFINITY, INFINITY}, high{-INFINITY, -INFINITY};
    for (const Point &p : {landmark(0), landmark(16), landmark(30), chin, landmark(19), landmark(24), hairline}) {
        const auto at = eye.plane(p);
        for (int k = 0; k < 2; ++k) {
            low[k] = std::min(low[k], at[k]);
            high[k] = std::max(high[k], at[k]);
        }
    }
    return std::max(high[0] - low[0], high[1] - low[1]);
}

// `scale` about what comes to lie at the image's centre.
Similarity centred(double scale, double size_px, const std::array<double, 2> &at) {
    return {scale, 0, 0.5 * size_px - scale * at[0], 0.5 * size_px - scale * at[1]};
}

// From the image plane to the crop's pixels.
Similarity framing(const Rig &rig, std::span<const Position> positions_mm, const Eye &eye, double focal, const CropTemplate &crop) {
    const double size = crop.size_px;
    switch (crop.framing) {
        case Framing::FaceBox: {
            const Point left = to_point(positions_mm[rig.landmarks[35]]), right = to_point(positions_mm[rig.landmarks[31]]);
            return centred(size / box_side(rig, positions_mm, eye), size, eye.plane(mean_of(left, right)));
        }
        case Framing::Landmark: {
            const Points at = plane_points(rig, positions_mm, eye);
            return centred(focal * size, size, {(at[0] + at[2] + at[4]) / 3, (at[1] + at[3] + at[5]) / 3});
        }
        case Framing::Pinhole: return centred(focal * size, size, {0, 0});
        default: return fit(plane_points(rig, positions_mm, eye), crop.points_px);
    }
}

Vec3 narrow(const std::array<double, 3> &v) {
    return {static_cast<float>(v[0]), static_cast<float>(v[1]), static_cast<float>(v[2])};
}

}  // namespace

View framed_view(const Rig &rig, std::span<const Position> positions_mm, const SceneCamera &camera, const CropTemplate &crop) {
    const Matrix R = rotation(camera);
    const Eye eye{R, camera.right_mm, camera.up_mm, camera.distance_mm, camera.orthographic != 0.0f};
    const Similarity S = framing(rig, positions_mm, eye, camera.focal, crop).then(adjustment(camera, crop));
    std::array<double, 3> image_x, image_y;
    for (int k = 0; k < 3; ++k) {
        image_x[k] = S.a * R[0][k] + S.b * R[1][k];
        image_y[k] = S.b * R[0][k] - S.a * R[1][k];
    }
    return {{narrow(R[0]), narrow(R[1]), narrow(R[2])},
            narrow(image_x),
            narrow(image_y),
            static_cast<float>(S.tx),
            static_cast<float>(S.ty),
            camera.distance_mm,
            static_cast<float>(S.a * eye.right_mm + S.b * eye.up_mm),
            static_cast<float>(S.b * eye.right_mm - S.a * eye.up_mm),
            eye.orthographic ? 0.0f : 1.0f};
}

namespace {

using Direction = std::array<double, 3>;

// Where highlights come from, and how strong they are per channel; nothing where the direction is straight from behind.
void set_highlight(Light &light, const Direction &d, const Direction &irradiance) {
    light.towards = narrow(d);
    Direction half{d[0], d[1], d[2] + 1};
    const double length = std::sqrt(dot(half, half));
    if (!(length > 1e-3)) return;
    for (double &x : half) x /= length;
    const double grazing = 1 - half[2];
    light.half = narrow(half);
    light.colour = narrow(irradiance);
    light.fresnel = static_cast<float>(grazing * grazing * grazing * grazing * grazing);
}

// The direction from which most of the environment's light comes, and how much if all of its first order did.
void set_dominant(Light &light, std::span<const float> sh, double y1) {
    Direction d{0, 0, 0}, irradiance{};
    for (int c = 0; c < 3; ++c) {
        d[0] += sh[9 + c];
        d[1] += sh[3 + c];
        d[2] += sh[6 + c];
    }
    const double length = std::sqrt(dot(d, d));
    if (!(length > 1e-6)) return;
    for (double &x : d) x /= length;
    for (int c = 0; c < 3; ++c) {
        // A light of irradiance E from direction d has order-1 coefficients E y1 d.
        const double strength = (sh[9 + c] * d[0] + sh[3 + c] * d[1] + sh[6 + c] * d[2]) / y1;
        irradiance[c] = strength > 0 ? strength : 0;
    }
    set_highlight(light, d, irradiance);
}

}  // namespace

Light make_light(std::span<const float> sh, std::span<const float, 6> key) {
    // Real spherical harmonics' constants, and Lambert's cosine lobe (Ramamoorthi and Hanrahan 2001), pi left in.
    constexpr double y0 = 0.28209479177387814, y1 = 0.48860251190291992, y2 = 1.0925484305920792, y20 = 0.31539156525252005,
                     y22 = 0.54627421529603959, k0 = kPi, k1 = 2 * kPi / 3, k2 = kPi / 4;
    constexpr std::array scale{k0 * y0, k1 * y1, k1 * y1, k1 * y1, k2 * y2, k2 * y2, k2 * y20 * 3, k2 * y2, k2 * y22};
    Light light{};
    for (int i = 0; i < 9; ++i)
        light.polynomial[i] = narrow({scale[i] * sh[i * 3], scale[i] * sh[i * 3 + 1], scale[i] * sh[i * 3 + 2]});
    for (int c = 0; c < 3; ++c) {
        float &constant = c == 0 ? light.polynomial[0].x : c == 1 ? light.polynomial[0].y : light.polynomial[0].z;
        constant = static_cast<float>(scale[0] * sh[c] - k2 * y20 * sh[18 + c]);  // 3 z^2 - 1 gives its -1 here
    }
    light.key = {key[3], key[4], key[5]};
    if (light.has_key())
        set_highlight(light, {key[0], key[1], key[2]}, {key[3], key[4], key[5]});
    else
        set_dominant(light, sh, y1);
    return light;
}

}  // namespace fw
