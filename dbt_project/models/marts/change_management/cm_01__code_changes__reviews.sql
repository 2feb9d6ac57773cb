with

reviews as (

    select * from {{ ref('int_change_reviews') }}

),

final as (

    select
        item_key,
        review_id,
        reviewer_login,
        person_id,
        is_bot,
        state,
        opinion,
        body as comment,
        submitted_at,
        commit_oid,
        dismissed_at,
        is_before_merge,
        is_standing_approval,
        is_own_change,
        covers_head,
        could_write,
        was_active,
        qualifies,
        case
            when qualifies then case when is_equal_by_patch then 'qualifies; the head differs by a merge of the base branch only' else 'qualifies' end
            else concat_ws(
                '; ',
                case when opinion <> 'APPROVED' then 'no approval' when opinion is null then 'state before dismissal not known' end,
                case when not is_before_merge then 'not before the merge' end,
                case when is_dismissed then 'dismissed before the merge' when is_dismissed is null then 'time of dismissal not known' end,
                case when is_before_merge and not is_last_opinion then 'replaced by a later review of the same person' end,
                case when is_bot then 'a bot' end,
                case when opinion = 'APPROVED' and not is_bot then
                    nullif(concat_ws(
                        '; ',
                        case when is_own_change then 'wrote part of the change' when is_own_change is null then 'independence not known' end,
                        case when not covers_head then 'another version than the merged one' when covers_head is null then 'version approved not known' end,
                        case when not could_write then 'without write permission' when could_write is null then 'permission at the time not known' end,
                        case when not was_active then 'not an active worker' when was_active is null then 'employment at the time not known' end
                    ), '')
                end
            )
        end as reason,
        url,
    from reviews

)

select * from final
