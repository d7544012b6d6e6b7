/**
 * For each mutant the seed of a story that catches it. Whatever changes the stories changes them: where one catches nothing
 * any more it is looked for anew, and the test says which it is.
 */
export const CAUGHT_BY: Readonly<Record<string, number>> = {
  'guards are read eventually': 3,
  'holders are queried eventually': 2,
  'a condemned guard is not rescued': 530,
  'holds are verified before they are acknowledged': 1,
  'what a batch left undone is forgotten': 18,
  'what a batch did not look at is taken for absent': 4,
  'a commit does not ask for its intent': 2,
  'holders are looked for before the guard is condemned': 20,
  'a guard is taken for condemned before it is': 114,
  'only blobs are verified, not links': 31,
  'the key of an object is used again for the same bytes': 1,
  'a lease comes with its blob and not before': 18,
  'a tag takes hold with the commit and not before': 5,
  'a retag is not confirmed': 6,
  'a task is gone before its successor is there': 195,
  'a task is gone while its successors are on their way': 3,
  'a tombstone is worked off once': 19,
  'a lease that ends soon is not renewed for a HEAD': 8,
  'a blob is deleted while somebody may pull it': 6,
  'an object is brought back though its deletion has begun': 14,
  'an object is deleted before the way back is shut': 38,
  'the bytes of a deleted manifest are not kept': 4,
}
