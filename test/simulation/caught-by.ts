/**
 * For each mutant the seed of a story that catches it. Whatever changes the stories changes them: where one catches nothing
 * any more it is looked for anew, and the test says which it is.
 */
export const CAUGHT_BY: Readonly<Record<string, number>> = {
  'guards are read eventually': 3,
  'holders are queried eventually': 2,
  'a condemned guard is not rescued': 530,
  'holds are verified before they are acknowledged': 1,
  'what a batch left undone is forgotten': 6,
  'what a batch did not look at is taken for absent': 15,
  'a commit does not ask for its intent': 4,
  'holders are looked for before the guard is condemned': 2,
  'a guard is taken for condemned before it is': 179,
  'only blobs are verified, not links': 820,
  'the key of an object is used again for the same bytes': 1,
  'a lease comes with its blob and not before': 17,
  'a tag takes hold with the commit and not before': 4,
  'a retag is not confirmed': 196,
  'a task is gone before its successor is there': 603,
  'a task is gone while its successors are on their way': 1,
  'a tombstone is worked off once': 14,
  'a lease that ends soon is not renewed for a HEAD': 7,
  'a blob is deleted while somebody may pull it': 2,
  'an object is brought back though its deletion has begun': 55,
  'an object is deleted before the way back is shut': 138,
  'the bytes of a deleted manifest are not kept': 4,
  'whoever moves an entry to another list does not ask where it is': 2,
  'a tag of a part leaves no look at how that is listed': 185,
  'an index leaves no look at how its parts are listed': 135,
  'a review of a manifest does not look how it is listed': 348,
}
