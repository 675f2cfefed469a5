#include "render_stage.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace fw {

Sitter::Sitter(std::span<const Vec3> neutral_mm, MipTexture texture, MipTexture made_up, std::vector<Vec3> vertex_albedo)
    : neutral_mm(neutral_mm), texture(std::move(texture)), made_up(std::move(made_up)), vertex_albedo(std::move(vertex_albedo)) {
    constexpr size_t block = BlockMoves::kVertices;
    for (LinedVector<float> &column : coordinates_mm) column.resize((neutral_mm.size() + block - 1) / block * block);
    auto &[x, y, z] = coordinates_mm;
    for (size_t i = 0; i < neutral_mm.size(); ++i) x[i] = neutral_mm[i].x, y[i] = neutral_mm[i].y, z[i] = neutral_mm[i].z;
}

Stage::Stage(const Rig &rig, const Wardrobe &wardrobe, const CropTemplate &crop, int samples, const Look &look)
    : rig(rig),
      wardrobe(wardrobe),
      crop(crop),
      samples(samples),
      look(look),
      triangles(rig.triangles),
      positions_mm(rig.vertices + wardrobe.vertices_mm.size()),
      screen(positions_mm.size()),
      attributes(positions_mm.size() + wardrobe.vertices_mm.size()),
      facing(attributes.size()),
      sums_(rig.vertices),
      needed_(positions_mm.size()),
      lit_(positions_mm.size() + kLitTogether),
      shadow_(look.shadows) {
    for (int part = 0; part < kParts; ++part) finishes_[part] = finish_of(static_cast<uint8_t>(part), look);
    for (const uint8_t part : rig.parts) {
        const bool eye = part == kLeftEye || part == kRightEye;
        kinds.push_back({kHeadItem, 0, eye && look.highlights && look.eye_reflections ? Fine::eye : Fine::none});
    }
    for (size_t i = 0; i < wardrobe.items.size(); ++i) {
        const Wardrobe::Item &item = wardrobe.items[i];
        for (int32_t t = item.first_triangle; t < item.last_triangle; ++t) {
            const Triangle &corners = wardrobe.triangles[t];
            triangles.push_back({corners[0] + rig.vertices, corners[1] + rig.vertices, corners[2] + rig.vertices});
            kinds.push_back({static_cast<int32_t>(i), item.turns_normals() ? backs() : 0,
                             look.highlights ? fine_of(item.material) : Fine::none});
        }
    }
    std::vector<uint8_t> at_seam(rig.vertices);
    for (const int32_t v : rig.seam) at_seam[v] = at_seam[rig.weld[v]] = 1;
    for (size_t t = 0; t < kinds.size(); ++t) {
        const Triangle &corners = triangles[t];
        const auto is_seam = [&](int32_t v) { return v < rig.vertices && at_seam[v] != 0; };
        looks.push_back(kinds[t].fine != Fine::none                                              ? kFineLook
                        : is_seam(corners[0]) || is_seam(corners[1]) || is_seam(corners[2])     ? kSeamLook
                        : t < rig.parts.size()                                                   ? rig.parts[t]
                                                                : static_cast<uint16_t>((kParts + kinds[t].item) % kSeamLook));
    }
    any_fine = std::ranges::find(looks, kFineLook) != looks.end();
    facets.resize(triangles.size());
    for (int32_t t = 0; t < head_triangles(); ++t) facets[t].surface = &head, facets[t].fine = kinds[t].fine;
}

void Stage::set(const Sitter &sitter, const Shot &shot) {
    express(sitter, shot.expression);
    const std::span<const Position> head = std::span(positions_mm).first(rig.vertices);
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

void Stage::express(const Sitter &sitter, std::span<const float> expression) {
    coordinates_mm_ = sitter.coordinates_mm;
    const Columns to{coordinates_mm_[0].data(), coordinates_mm_[1].data(), coordinates_mm_[2].data()};
    for (size_t e = 0; e < expression.size(); ++e) {
        const Direction &direction = rig.expression[e];
        if (expression[e] != 0.0f)
            kernels().express(direction.blocks.data(), static_cast<int32_t>(direction.blocks.size()), expression[e] * direction.step_mm, to);
    }
    kernels().assemble(to, rig.vertices, positions_mm.data());
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
    kernels().lay(mesh(), seen_.data(), static_cast<int32_t>(seen_.size()), facets.data());
    return kernels().lay(mesh(), head_seen_.data(), static_cast<int32_t>(head_seen_.size()), facets.data());
}

// Those of these vertices that are needed. `vertices` and the attributes count from the vertex `numbered_from`, and from the row `rows`.
void Stage::light(const Shot &shot, const Unlit &vertices, int32_t first, int32_t last, int32_t numbered_from, int32_t rows) {
    int32_t count = 0;
    for (int32_t v = first; v < last; ++v) {
        lit_[count] = v - numbered_from;
        count += needed_[v];
    }
    if (count == 0) return;
    for (; count % kLitTogether != 0; ++count) lit_[count] = lit_[count - 1];
    const DepthMap shadow = shadow_.map();
    kernels().light(view, shot.light, shadow_.is_lit() ? nullptr : &shadow, vertices, lit_.data(), count, &attributes[rows], &facing[rows]);
}

void Stage::light_head(const Sitter &sitter, const Shot &shot) {
    vertex_normals(rig, positions_mm, needed_, sums_);
    const Vec3 *const albedo = sitter.vertex_albedo.empty() ? nullptr : sitter.vertex_albedo.data();
    const Unlit head{positions_mm.data(), reinterpret_cast<const float *>(sums_.data()), 4, 1.0f, screen.data(), rig.uv.data(),
                     shot.openness.head.data(), rig.vertex_parts.data(), finishes_.data(), albedo, nullptr};
    light(shot, head, 0, rig.vertices, 0, 0);
}

void Stage::light_item(size_t number, const Shot &shot, bool behind) {
    const Wardrobe::Item &item = wardrobe.items[number];
    const Finish finish = finish_of(item.material, look);
    const bool strands = item.material == Material::hair && look.highlights;
    const int32_t head = rig.vertices;
    const std::vector<float> &open = behind ? shot.openness.behind : shot.openness.worn;
    const Unlit worn{positions_mm.data() + head, reinterpret_cast<const float *>(wardrobe.normals.data()), 3, behind ? -1.0f : 1.0f,
                     screen.data() + head, wardrobe.uv.data(), open.data(), nullptr, &finish, nullptr,
                     strands ? wardrobe.strands.data() : nullptr};
    light(shot, worn, head + item.first_vertex, head + item.last_vertex, head, behind ? head + backs() : head);
}

}  // namespace fw
