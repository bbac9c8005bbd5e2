// How the place of a text box changes by pointer: plain geometry. A place is x, y, w, h in percent of the picture and an angle in
// degrees, counter-clockwise around its middle; `size` is the picture's rectangle on the page, in pixels.

export const LEAST = 3; // percent; smaller is a slip of the hand

// Turned by the angle that the pointer went around the middle of the box; upright and sideways are easy to hit.
export function turned(place, size, start, event) {
  const { left, top, width, height } = size;
  const across = left + ((place.x + place.w / 2) * width) / 100;
  const along = top + ((place.y + place.h / 2) * height) / 100;
  const direction = ({ clientX, clientY }) => Math.atan2(clientY - along, clientX - across);
  const angle = place.angle - ((direction(event) - direction(start)) * 180) / Math.PI;
  const near = 90 * Math.round(angle / 90);
  return { ...place, angle: Math.abs(angle - near) < 4 ? near : Math.round(angle) };
}

// The opposite corner or side stays where it is, also of a turned box: in its own directions the pointer (in percent) says the new size.
export function stretched(place, [across, along], { width, height }, { x, y }) {
  const turn = (-place.angle * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(turn), Math.sin(turn)];
  const rotate = (x, y) => [x * cosine - y * sine, x * sine + y * cosine];
  const [w, h] = [(place.w * width) / 100, (place.h * height) / 100];
  const [middleX, middleY] = [(place.x * width) / 100 + w / 2, (place.y * height) / 100 + h / 2];
  const [toAnchorX, toAnchorY] = rotate((-across * w) / 2, (-along * h) / 2);
  const [anchorX, anchorY] = [middleX + toAnchorX, middleY + toAnchorY];
  const [fromX, fromY] = [(x * width) / 100 - anchorX, (y * height) / 100 - anchorY];
  const [localX, localY] = [fromX * cosine + fromY * sine, fromY * cosine - fromX * sine];
  const newW = across ? Math.max(across * localX, (LEAST * width) / 100) : w;
  const newH = along ? Math.max(along * localY, (LEAST * height) / 100) : h;
  const [toMiddleX, toMiddleY] = rotate((across * newW) / 2, (along * newH) / 2);
  return {
    x: (100 * (anchorX + toMiddleX - newW / 2)) / width,
    y: (100 * (anchorY + toMiddleY - newH / 2)) / height,
    w: (100 * newW) / width,
    h: (100 * newH) / height,
    angle: place.angle,
  };
}
