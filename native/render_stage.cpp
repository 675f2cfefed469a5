#include "render_stage.hpp"

#include <algorithm>
#include <cstdlib>

#include "render_materials.hpp"

namespace fw {

namespace {

// Teeth take the shadow of the lips' front: theirs alone would leave a smile grey.
constexpr float kSkinLiftMm = 1.5f, kTeethLiftMm = 9.0f, kHairLiftMm = 6.0f, kWornLiftMm = 2.0f;

}  // namespace

Stage::Stage(const Rig &rig, const Wardrobe &wardrobe, const CropTemplate &crop, int samples, const Look &look)
    : rig(rig),
      wardrobe(wardrobe),
      crop(crop),
      samples(samples),
      look(look),
      triangles(rig.triangles),
      positions_mm(rig.vertices + wardrobe.vertices_mm.size()),
      screen(positions_mm.size()),
      normals(positions_mm.size()),
      attributes(positions_mm.size() + wardrobe.vertices_mm.size()),
      arriving(attributes.size()),
      expressed_mm_(rig.vertices),
      sums_(rig.vertices),
      needed_(positions_mm.size()),
      shadow_(look.shadows) {
    const size_t block = BlockMoves::kVertices, whole = (rig.vertices + block - 1) / block * block;
    for (LinedVector<float> &column : columns_) column.resize(whole);
    for (const uint8_t part : rig.parts) {
        const bool eye = part == kLeftEye || part == kRightEye;
        kinds.push_back({eye ? kEyeItem : kSkinItem, 0, eye && look.highlights && look.eye_reflections});
    }
    for (size_t i = 0; i < wardrobe.items.size(); ++i) {
        const Wardrobe::Item &item = wardrobe.items[i];
        for (int32_t t = item.first_triangle; t < item.last_triangle; ++t) {
            const Triangle &corners = wardrobe.triangles[t];
            triangles.push_back({corners[0] + rig.vertices, corners[1] + rig.vertices, corners[2] + rig.vertices});
            kinds.push_back({static_cast<int32_t>(i), item.turns_normals() ? backs() : 0,
                             look.highlights && is_shiny(item.material)});
        }
    }
    std::vector<uint8_t> at_seam(rig.vertices);
    for (const int32_t v : rig.seam) at_seam[v] = at_seam[rig.weld[v]] = 1;
    for (size_t t = 0; t < kinds.size(); ++t) {
        const Triangle &corners = triangles[t];
        const auto is_seam = [&](int32_t v) { return v < rig.vertices && at_seam[v] != 0; };
        looks.push_back(kinds[t].fine                                                            ? kFineLook
                        : is_seam(corners[0]) || is_seam(corners[1]) || is_seam(corners[2])     ? kSeamLook
                        : t < rig.parts.size()                                                   ? rig.parts[t]
                                                                : static_cast<uint16_t>((kParts + kinds[t].item) % kSeamLook));
    }
    any_fine = std::ranges::find(looks, kFineLook) != looks.end();
    facets.resize(triangles.size());
    for (int32_t t = 0; t < head_triangles(); ++t) facets[t].surface = &head, facets[t].fine = kinds[t].fine;
}

void Stage::set(const Sitter &sitter, const Shot &shot) {
    express(sitter.neutral_mm, shot.expression);
    const std::span<const Vec3> head = std::span(positions_mm).first(rig.vertices);
    view = framed_view(rig, head, shot.camera, crop);
    project(0, rig.vertices);
    for (size_t i = 0; i < wardrobe.items.size(); ++i)
        if (shot.visible[i]) place(wardrobe.items[i], sitter.neutral_mm);
    if (shot.light.has_key())
        shadow_.draw(rig, head, wardrobe, worn_mm(), shot.visible, view.back(shot.light.towards));
    else
        shadow_.clear();
    std::fill(needed_.begin(), needed_.end(), 0);
    head_seen_.clear();
    seen_.clear();
}

void Stage::express(std::span<const Vec3> neutral_mm, std::span<const float> expression) {
    const Columns to{columns_[0].data(), columns_[1].data(), columns_[2].data()};
    for (int32_t v = 0; v < rig.vertices; ++v) to.x[v] = neutral_mm[v].x, to.y[v] = neutral_mm[v].y, to.z[v] = neutral_mm[v].z;
    for (size_t e = 0; e < expression.size(); ++e) {
        const Direction &direction = rig.expression[e];
        if (expression[e] != 0.0f)
            kernels().express(direction.blocks.data(), static_cast<int32_t>(direction.blocks.size()), expression[e] * direction.step_mm, to);
    }
    for (int32_t v = 0; v < rig.vertices; ++v) {
        positions_mm[v] = {to.x[v], to.y[v], to.z[v]};
        expressed_mm_[v] = FourFloats{to.x[v], to.y[v], to.z[v], 0.0f};
    }
}

void Stage::see_head(std::span<const int32_t> seen) {
    for (const int32_t triangle : seen) need(triangle);
    head_seen_.insert(head_seen_.end(), seen.begin(), seen.end());
}

void Stage::see(int32_t triangle, const Surface &surface) {
    need(triangle);
    seen_.push_back(triangle);
    Facet &facet = facets[triangle];
    facet.surface = &surface;
    facet.behind = behind(triangle);
    facet.fine = kinds[triangle].fine;
}

int32_t Stage::behind(int32_t triangle) const {
    const Triangle &t = triangles[triangle];
    const int32_t rows = kinds[triangle].behind;
    if (rows == 0 || doubled_area(screen[t[0]], screen[t[1]], screen[t[2]]) >= 0) return 0;
    const auto normal = [&](int i) { return wardrobe.normals[t[i] - rig.vertices]; };
    return dot(normal(0) + normal(1) + normal(2), view.rotation[2]) < 0.0f ? rows : 0;
}

// An attachment's vertices move as the expression moves their anchors.
void Stage::place(const Wardrobe::Item &item, std::span<const Vec3> neutral_mm) {
    for (int32_t v = item.first_vertex; v < item.last_vertex; ++v) {
        const int32_t anchor = wardrobe.anchors[v];
        Vec3 &p = positions_mm[rig.vertices + v];
        p = wardrobe.vertices_mm[v];
        if (anchor >= 0) p = p + (positions_mm[anchor] - neutral_mm[anchor]);
    }
    project(rig.vertices + item.first_vertex, rig.vertices + item.last_vertex);
}

void Stage::project(int32_t first, int32_t last) {
    kernels().project(view, &positions_mm[first], last - first, samples, &screen[first]);
}

void Stage::draw_opaque(std::span<const uint8_t> visible, SampleGrid &grid) const {
    const auto draw = [&](int32_t first, int32_t last, bool two_sided) {
        kernels().rasterize(screen.data(), triangles.data() + first, last - first, first, two_sided, grid.target());
    };
    grid.clear();
    draw(0, head_triangles(), false);
    for (size_t i = 0; i < visible.size(); ++i) {
        const Wardrobe::Item &item = wardrobe.items[i];
        if (visible[i]) draw(head_triangles() + item.first_triangle, head_triangles() + item.first_veil, item.two_sided);
    }
}

float Stage::texels_per_pixel(int32_t triangle) const {
    const Triangle &t = triangles[triangle];
    const float per_pixel = 0.5f / static_cast<float>(kSubsample * kSubsample * samples * samples);
    const auto area = static_cast<float>(std::abs(doubled_area(screen[t[0]], screen[t[1]], screen[t[2]])));
    return wardrobe.texels[triangle - head_triangles()] / (area * per_pixel);
}

int64_t Stage::light(const Sitter &sitter, const Shot &shot) {
    light_head(sitter, shot);
    for (size_t i = 0; i < wardrobe.items.size(); ++i) {
        if (!shot.visible[i]) continue;
        light_item(i, shot, false);
        if (wardrobe.items[i].turns_normals()) light_item(i, shot, true);
    }
    const Mesh mesh{screen.data(), triangles.data(), attributes.data()};
    kernels().lay(mesh, seen_.data(), static_cast<int32_t>(seen_.size()), facets.data());
    return kernels().lay(mesh, head_seen_.data(), static_cast<int32_t>(head_seen_.size()), facets.data());
}

void Stage::set_attributes(int32_t row, int32_t vertex, size_t lit, const std::array<float, 2> &uv, const Vec3 &diffuse,
                           float shine) {
    const float near = view.perspective != 0.0f ? screen[vertex].inverse_depth : 1.0f;
    attributes[row] = {near,           uv[0] * near,     uv[1] * near,     screen[vertex].inverse_depth,
                       diffuse.x * near, diffuse.y * near, diffuse.z * near, shine * near};
    arriving[row] = lighting_.arriving(lit);
}

void Stage::light_head(const Sitter &sitter, const Shot &shot) {
    vertex_normals(rig, expressed_mm_, needed_, sums_);
    lighting_.clear();
    lit_.clear();
    for (int32_t v = 0; v < rig.vertices; ++v) {
        if (!needed_[v]) continue;
        lit_.push_back(v);
        const uint8_t part = rig.vertex_parts[v];
        const bool teeth = part == kUpperTeeth || part == kLowerTeeth;
        lighting_.add({positions_mm[v], {sums_[v][0], sums_[v][1], sums_[v][2]}, part == kSkin ? kSkinSoftness : kHardSoftness,
                       shot.openness.head[v], teeth ? kTeethLiftMm : kSkinLiftMm});
    }
    lighting_.run(view, shot.light, shadow_, look);
    for (size_t i = 0; i < lit_.size(); ++i) {
        const int32_t v = lit_[i];
        const Vec3 diffuse = lighting_.diffuse(i);
        normals[v] = lighting_.normal(i);
        const float shine = look.highlights ? head_highlight(rig.vertex_parts[v], normals[v], shot.light) : 0.0f;
        set_attributes(v, v, i, rig.uv[v], sitter.vertex_albedo.empty() ? diffuse : diffuse * sitter.vertex_albedo[v],
                       shine * lighting_.arriving(i));
    }
}

void Stage::light_item(size_t number, const Shot &shot, bool behind) {
    const Wardrobe::Item &item = wardrobe.items[number];
    const bool hair = item.material == Material::hair;
    const float turn = behind ? -1.0f : 1.0f, lift_mm = hair ? kHairLiftMm : kWornLiftMm;
    const std::vector<float> &open = behind ? shot.openness.behind : shot.openness.worn;
    lighting_.clear();
    lit_.clear();
    for (int32_t v = item.first_vertex; v < item.last_vertex; ++v) {
        const int32_t vertex = rig.vertices + v;
        if (!needed_[vertex]) continue;
        lit_.push_back(v);
        lighting_.add({positions_mm[vertex], wardrobe.normals[v] * turn, hair ? kHairSoftness : kHardSoftness, open[v], lift_mm});
    }
    lighting_.run(view, shot.light, shadow_, look);
    for (size_t i = 0; i < lit_.size(); ++i) {
        const int32_t v = lit_[i], vertex = rig.vertices + v;
        Vec3 diffuse = lighting_.diffuse(i);
        normals[vertex] = lighting_.normal(i) * turn;
        float shine = 0.0f;
        if (hair && look.highlights) {
            const StrandLobes lobes = strand_lobes(view.turn(wardrobe.strands[v]), normals[vertex], shot.light);
            diffuse = diffuse + shot.light.colour * (lobes.coloured * lighting_.arriving(i));
            shine = lobes.white * lighting_.arriving(i);
        }
        set_attributes(vertex + (behind ? backs() : 0), vertex, i, wardrobe.uv[v], diffuse, shine);
    }
}

}  // namespace fw
