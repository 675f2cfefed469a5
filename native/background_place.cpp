// Places as a lens sees them out of focus: a small sharp scene in linear light, blurred by a disc, so that what is bright
// spreads into discs as it does in photographs.
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "background.hpp"
#include "background_canvas.hpp"
#include "noise.hpp"
#include "render_srgb.hpp"

namespace fw {

namespace {

// sRGB codes of common surfaces.
using Palette = std::array<std::array<float, 3>, 6>;
constexpr Palette kWalls{{{222, 217, 206}, {196, 188, 172}, {170, 178, 186}, {206, 196, 182}, {150, 146, 142}, {186, 196, 178}}};
constexpr Palette kWoods{{{128, 92, 62}, {92, 62, 42}, {164, 128, 92}, {70, 52, 42}, {188, 158, 122}, {112, 100, 90}}};
constexpr Palette kClothes{{{52, 62, 84}, {122, 46, 44}, {74, 84, 70}, {184, 158, 120}, {46, 46, 50}, {160, 166, 172}}};
constexpr Palette kStones{{{156, 150, 142}, {124, 112, 104}, {176, 158, 138}, {146, 96, 78}, {96, 98, 104}, {196, 190, 180}}};
constexpr Palette kLeaves{{{62, 88, 42}, {92, 116, 54}, {46, 66, 40}, {122, 134, 70}, {78, 92, 66}, {148, 128, 62}}};
constexpr Palette kSkies{{{186, 206, 226}, {214, 220, 226}, {150, 184, 218}, {232, 226, 216}, {196, 200, 206}, {168, 178, 192}}};
constexpr Palette kLamps{{{255, 214, 150}, {255, 190, 110}, {255, 240, 220}, {255, 120, 90}, {150, 200, 255}, {150, 255, 180}}};

// One of a palette's colours, or something between two, a little lighter or darker.
Light pick(Draws &draw, const Palette &palette) {
    const auto &a = palette[draw.count(0, 5)], &b = palette[draw.count(0, 5)];
    const float t = draw(0, 0.6f), level = draw(0.72f, 1.12f);
    const auto channel = [&](int i) {
        return kSrgb.linear[static_cast<int>(std::clamp(lerp(a[i], b[i], t) * level, 0.0f, 255.0f))];
    };
    return Light{channel(0), channel(1), channel(2), 0.0f};
}

// The same, at a brightness between two.
Light pick(Draws &draw, const Palette &palette, float low, float high) {
    const Light colour = pick(draw, palette);
    return colour * draw(low, high);
}

Light mix(const Light &a, const Light &b, float t) { return a + (b - a) * t; }

struct Tree {
    float x, y, size;
};

void draw_tree(Draws &draw, Canvas &canvas, const Tree &tree) {
    const auto [x, y, size] = tree;
    canvas.fill({x - 0.08f * size, y, x + 0.08f * size, y + 1.4f * size, pick(draw, kWoods) * 0.5f});
    const Light leaf = pick(draw, kLeaves);
    for (int i = draw.count(8, 22); i > 0; --i)
        canvas.disc({x + draw(-0.8f, 0.8f) * size, y + draw(-0.8f, 0.6f) * size, draw(0.12f, 0.4f) * size, leaf * draw(0.4f, 1.9f)});
}

void draw_window(Draws &draw, Canvas &canvas) {
    const float left = draw(-0.15f, 0.8f), width = draw(0.15f, 0.5f), top = draw(-0.1f, 0.25f), height = draw(0.3f, 0.7f);
    const float right = left + width, bottom = top + height;
    const Light sky = pick(draw, kSkies, 0.9f, 2.6f), frame = pick(draw, kWalls, 0.2f, 0.9f), trees = pick(draw, kLeaves);
    canvas.fill({left - 0.02f, top - 0.02f, right + 0.02f, bottom + 0.02f, frame});
    canvas.shade({left, top, right, bottom, sky, mix(sky, trees, draw(0.0f, 0.8f))});
    const int panes = draw.count(1, 3);
    for (int i = 1; i < panes; ++i) {
        const float x = left + width * static_cast<float>(i) / static_cast<float>(panes);
        canvas.fill({x - 0.01f, top, x + 0.01f, bottom, frame});
    }
    if (draw.chance(0.4f)) canvas.fill({left, top + 0.5f * height, right, top + 0.5f * height + 0.02f, frame});
    if (draw.chance(0.45f)) {
        const Light curtain = pick(draw, draw.chance(0.5f) ? kClothes : kWalls) * 0.8f;
        canvas.fill({left - 0.12f, top - 0.05f, left + 0.02f, 1, curtain});
        canvas.fill({right - 0.02f, top - 0.05f, right + 0.12f, 1, curtain});
    }
}

void draw_shelf(Draws &draw, Canvas &canvas) {
    const float left = draw(-0.2f, 0.85f), right = left + draw(0.2f, 0.6f), top = draw(-0.1f, 0.4f);
    const float row = draw(0.1f, 0.18f);
    const Light board = pick(draw, kWoods);
    for (float y = top; y < 1; y += row) {
        canvas.fill({left, y, right, y + row, board * 0.35f});
        for (float x = left; x < right;) {
            const float thick = draw(0.012f, 0.05f);
            if (draw.chance(0.85f))
                canvas.fill({x, y + row * draw(0.1f, 0.45f), std::min(x + thick, right), y + row,
                             pick(draw, draw.chance(0.5f) ? kClothes : kWalls)});
            x += thick;
        }
        canvas.fill({left, y + row - 0.012f, right, y + row, board});
    }
}

void draw_picture(Draws &draw, Canvas &canvas) {
    const float left = draw(0, 0.9f), top = draw(0, 0.5f), width = draw(0.08f, 0.3f), height = draw(0.08f, 0.3f);
    canvas.fill({left - 0.015f, top - 0.015f, left + width + 0.015f, top + height + 0.015f, pick(draw, kWoods) * 0.6f});
    canvas.shade({left, top, left + width, top + height, pick(draw, kSkies), pick(draw, kStones)});
    canvas.disc({left + width * draw(0.2f, 0.8f), top + height * draw(0.3f, 0.8f), 0.25f * width, pick(draw, kClothes)});
}

void draw_door(Draws &draw, Canvas &canvas, Light wood) {
    const float left = draw(-0.1f, 0.85f), right = left + draw(0.18f, 0.35f), top = draw(-0.1f, 0.35f);
    canvas.fill({left - 0.02f, top - 0.02f, right + 0.02f, 1, wood * 0.5f});
    canvas.shade({left, top, right, 1, wood, wood * 0.7f});
}

// A seat, a table, somebody at the back.
void draw_seat(Draws &draw, Canvas &canvas) {
    const float left = draw(-0.2f, 0.9f), top = draw(0.5f, 0.95f), width = draw(0.15f, 0.5f);
    const Light cloth = pick(draw, kClothes);
    canvas.shade({left, top, left + width, 1.2f, cloth, cloth * 0.5f});
    canvas.disc({left + 0.5f * width, top, 0.2f * width, cloth * draw(0.8f, 1.6f)});
}

void draw_room(Draws &draw, Canvas &canvas) {
    const Light wall = pick(draw, kWalls), wood = pick(draw, kWoods);
    const float corner = draw(-0.6f, 1.6f), floor = draw(0.7f, 1.25f), shade = draw(0.55f, 0.95f);
    canvas.shade({0, 0, 1, 1, wall * draw(0.6f, 1.1f), wall * draw(0.5f, 1.0f)});
    canvas.shade({corner, 0, 1, 1, wall * shade, wall * (shade * draw(0.7f, 1.0f))});
    if (draw.chance(0.35f)) canvas.fill({0, 0, 1, draw(0.02f, 0.12f), wall * 1.15f});
    for (int i = draw.count(0, 2); i > 0; --i) draw_picture(draw, canvas);
    for (int i = draw.count(-1, 2); i > 0; --i) draw_window(draw, canvas);
    if (draw.chance(0.3f)) draw_shelf(draw, canvas);
    if (draw.chance(0.35f)) draw_door(draw, canvas, wood);
    canvas.fill({0, floor - 0.03f, 1, floor, wall * 0.8f});
    canvas.shade({0, floor, 1, 1, wood * 0.7f, wood});
    for (int i = draw.count(0, 3); i > 0; --i) draw_seat(draw, canvas);
    if (draw.chance(0.25f)) draw_tree(draw, canvas, {draw(0, 1), draw(0.4f, 0.8f), draw(0.08f, 0.2f)});
    for (int i = draw.count(-2, 3); i > 0; --i)
        canvas.disc({draw(0, 1), draw(0, 0.45f), draw(0.012f, 0.05f), pick(draw, kLamps, 1.5f, 5)});
}

void draw_building(Draws &draw, Canvas &canvas, float horizon) {
    const float left = draw(-0.2f, 1), right = left + draw(0.12f, 0.6f), top = draw(-0.5f, horizon - 0.1f);
    const Light stone = pick(draw, kStones, 0.5f, 1.2f);
    canvas.shade({left, top, right, horizon, stone, stone * 0.8f});
    const float pitch = draw(0.05f, 0.13f), pane = draw(0.35f, 0.7f) * pitch;
    const Light glass = pick(draw, draw.chance(0.7f) ? kClothes : kSkies) * 0.7f;
    for (float y = top + 0.4f * pitch; y < horizon - pitch; y += 1.3f * pitch)
        for (float x = left + 0.3f * pitch; x < right - pane; x += pitch)
            canvas.fill({x, y, x + pane, y + pitch * 0.8f, glass * draw(0.7f, 1.3f)});
}

// A car or somebody on foot.
void draw_passer(Draws &draw, Canvas &canvas, float horizon) {
    const float x = draw(0, 1), width = draw(0.03f, 0.2f), height = draw(0.06f, 0.25f);
    const Light paint = pick(draw, kClothes, 0.5f, 1.6f);
    canvas.shade({x, horizon - height, x + width, horizon + 0.03f, paint, paint * 0.5f});
    canvas.disc({x + 0.5f * width, horizon - height, 0.3f * width, paint * 1.3f});
}

void draw_street(Draws &draw, Canvas &canvas) {
    const float horizon = draw(0.45f, 1.05f);
    const Light sky = pick(draw, kSkies, 0.8f, 1.6f), ground = pick(draw, draw.chance(0.35f) ? kLeaves : kStones);
    canvas.shade({0, 0, 1, horizon, sky * draw(0.6f, 1.0f), sky});
    canvas.shade({0, horizon, 1, 1, ground * draw(0.4f, 0.9f), ground * draw(0.5f, 1.0f)});
    for (int i = draw.count(1, 6); i > 0; --i) draw_building(draw, canvas, horizon);
    for (int i = draw.count(0, 4); i > 0; --i) draw_tree(draw, canvas, {draw(0, 1), horizon - draw(0.1f, 0.45f), draw(0.1f, 0.35f)});
    for (int i = draw.count(0, 6); i > 0; --i) draw_passer(draw, canvas, horizon);
}

void draw_greenery(Draws &draw, Canvas &canvas) {
    const Light deep = pick(draw, kLeaves) * 0.25f, leaf = pick(draw, kLeaves), sky = pick(draw, kSkies);
    canvas.shade({0, 0, 1, 1, mix(deep, sky, draw(0, 0.5f)), deep});
    for (int i = draw.count(60, 160); i > 0; --i) {
        const float y = draw(-0.1f, 1.1f), light = draw() * (1.3f - 0.7f * y);
        canvas.disc({draw(-0.1f, 1.1f), y, draw(0.02f, 0.12f), mix(leaf, pick(draw, kLeaves), 0.4f) * (0.15f + 2.2f * light * light)});
    }
    for (int i = draw.count(0, 40); i > 0; --i) {  // gaps to the sky
        const float y = draw();
        canvas.disc({draw(), y * y, draw(0.008f, 0.035f), sky * draw(1, 3.5f)});
    }
    for (int i = draw.count(0, 4); i > 0; --i) {  // trunks
        const float x = draw(-0.05f, 1);
        canvas.fill({x, 0, x + draw(0.02f, 0.09f), 1, pick(draw, kWoods, 0.15f, 0.6f)});
    }
    if (draw.chance(0.5f)) {
        const Light ground = pick(draw, draw.chance(0.6f) ? kLeaves : kStones, 0.5f, 1.3f);
        canvas.shade({0, draw(0.7f, 1.1f), 1, 1, ground * 1.2f, ground});
    }
}

void draw_night(Draws &draw, Canvas &canvas) {
    const Light dark = pick(draw, kClothes, 0.05f, 0.35f);
    canvas.shade({0, 0, 1, 1, dark * draw(0.3f, 1.5f), dark});
    for (int i = draw.count(0, 4); i > 0; --i) {
        const float left = draw(-0.2f, 1);
        canvas.fill({left, draw(0, 0.9f), left + draw(0.1f, 0.5f), 1, pick(draw, kStones, 0.02f, 0.2f)});
    }
    for (int i = draw.count(6, 45); i > 0; --i)
        canvas.disc({draw(), draw(), draw(0.008f, 0.025f), pick(draw, kLamps, 1, 9)});
}

// Paper or cloth, darker away from a light.
void draw_backdrop(Draws &draw, Canvas &canvas) {
    const float kind = draw();
    const Light paper = pick(draw, kind < 0.6f ? kWalls : kind < 0.8f ? kSkies : kClothes);
    canvas.shade({0, 0, 1, 1, paper * draw(0.5f, 1.2f), paper * draw(0.5f, 1.2f)});
    canvas.darken({draw(0.1f, 0.9f), draw(0.1f, 0.9f), draw(0.0f, 0.8f)});
}

View draw_view(Draws &draw) {
    const float tilt = draw.chance(0.7f) ? 3.0f : 12.0f, turn = draw(-tilt, tilt), zoom = draw(0.45f, 0.78f);
    const float x = draw(0.4f, 0.6f), y = draw(0.4f, 0.6f);
    return {x, y, turn, zoom, draw(0.55f, 1.25f)};
}

}  // namespace

void draw_place(Draws &draw, int size, uint8_t *out) {
    Canvas canvas;
    const float kind = draw(), radius = draw(0.018f, 0.06f);
    if (kind < 0.36f)
        draw_room(draw, canvas);
    else if (kind < 0.62f)
        draw_street(draw, canvas);
    else if (kind < 0.82f)
        draw_greenery(draw, canvas);
    else if (kind < 0.9f)
        draw_night(draw, canvas);
    else
        draw_backdrop(draw, canvas);
    const float frequency = draw(3, 9), amount = draw(0, 0.25f);
    const Patches patches{frequency, amount, static_cast<uint32_t>(draw() * 4.0e9f)};
    canvas.photograph(patches, kind < 0.9f ? radius : 0.0f, draw_view(draw), size, out);
}

}  // namespace fw
