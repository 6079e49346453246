/** A pose as an avatar sends it: position, rotation and the bones of two hands take about this much, bytes. */
export const POSE_BYTES = 100;
export const POSES_PER_SECOND = 60;
/** Its last byte. */
export const POSE_MARK = 0xa7;

export function poseOf(number: number): Uint8Array {
  const pose = new Uint8Array(POSE_BYTES);
  new DataView(pose.buffer).setUint32(0, number);
  pose[POSE_BYTES - 1] = POSE_MARK;
  return pose;
}
