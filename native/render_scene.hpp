// One scene's camera and light, from plain numbers to what vertices are multiplied by.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "render_rig.hpp"

namespace fw {

// A row of the scenes' table; units and signs as in scenes/scene.py. jitter_px counts pixels of a 112-px crop.
struct SceneCamera {
    float yaw_deg, pitch_deg, roll_deg, distance_mm, jitter_x_px, jitter_y_px, jitter_scale, jitter_deg;
    float right_mm, up_mm, focal, scale, shift_x, shift_y, orthographic;
};
inline constexpr int kCameraColumns = 15;

struct Projected {
    float x_px, y_px, depth_mm;
};

// Head to crop: a pinhole or parallel rays along the camera's z axis, and an image similarity.
struct View {
    std::array<Vec3, 3> rotation;  // rows of R_camera_head
    Vec3 image_x, image_y;         // head coordinates to (pixels - shift) times depth, less offset
    float shift_x, shift_y, distance_mm;
    float offset_x, offset_y;  // of a head beside the camera's axis
    float perspective;         // 1; 0 where all depths are imaged as distance_mm is

    // A direction of the head in the camera frame.
    Vec3 turn(const Vec3 &v) const {
        return {rotation[0].x * v.x + rotation[0].y * v.y + rotation[0].z * v.z,
                rotation[1].x * v.x + rotation[1].y * v.y + rotation[1].z * v.z,
                rotation[2].x * v.x + rotation[2].y * v.y + rotation[2].z * v.z};
    }

    // The other way round.
    Vec3 back(const Vec3 &v) const {
        return {rotation[0].x * v.x + rotation[1].x * v.y + rotation[2].x * v.z,
                rotation[0].y * v.x + rotation[1].y * v.y + rotation[2].y * v.z,
                rotation[0].z * v.x + rotation[1].z * v.y + rotation[2].z * v.z};
    }

    Projected project(const Vec3 &p) const {
        const float depth = distance_mm - (rotation[2].x * p.x + rotation[2].y * p.y + rotation[2].z * p.z);
        const float near = 1.0f / (perspective != 0.0f ? depth : distance_mm);
        return {(image_x.x * p.x + image_x.y * p.y + image_x.z * p.z + offset_x) * near + shift_x,
                (image_y.x * p.x + image_y.y * p.y + image_y.z * p.z + offset_y) * near + shift_y, depth};
    }
};

// What decides where in the image the head comes to lie; numbered as in geometry.py.
enum class Framing { Alignment, FaceBox, Landmark, Pinhole };

// A crop: its side, and for Alignment the five points that the alignment landmarks should meet, (x, y) each.
struct CropTemplate {
    int size_px;
    std::array<double, 2 * kAlignment> points_px;
    Framing framing = Framing::Alignment;
};

// The view that a crop asks for.
// Alignment: the rig's alignment landmarks lie closest to the crop's points (least squares over rotation, scale and shift,
// no reflection: Umeyama, PAMI 1991). FaceBox: the box about ears, chin, brows, nose tip and hairline fills the crop, the
// nose's wings at its centre. Landmark: the mean of eyes and nose tip at the centre. Pinhole: as the camera sees it.
// Then the scene's scale and, for all but Pinhole, its jitter, about the centre; then its shift.
// Not finite when the landmarks coincide; then nothing can be drawn.
View framed_view(const Rig &rig, std::span<const Position> positions_mm, const SceneCamera &camera, const CropTemplate &crop);

// Light of one scene in the camera frame: a quadratic polynomial of the normal for the environment's diffuse irradiance / pi,
// the key light, and the direction of highlights with the half vector between it and the viewer.
struct Light {
    std::array<Vec3, 9> polynomial;  // rgb: 1; y, z, x; xy, yz, z2, zx, x2-y2
    Vec3 key;                        // rgb irradiance / pi of a surface that faces the key light, 0 where there is none
    Vec3 towards, half;              // the key light, else the environment's dominant direction
    Vec3 colour;                     // rgb irradiance from there as far as highlights show it
    float fresnel;                   // Schlick's (1 - v.h)^5

    bool has_key() const { return key.x > 0 || key.y > 0 || key.z > 0; }
};

// `sh`: 9 x 3 coefficients as in scenes/scene.py; `key`: its direction (of length 1) and rgb irradiance.
Light make_light(std::span<const float> sh, std::span<const float, 6> key);

}  // namespace fw
