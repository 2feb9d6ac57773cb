with

reviews as (

    select * from {{ ref('int_change_reviews') }}

),

-- what speaks against counting it, in the order in which one would ask
doubts as (

    select
        item_key,
        review_id,
        case when opinion is null then 'state before dismissal not known' when opinion <> 'APPROVED' then 'no approval' end as about_opinion,
        case when not is_before_merge then 'not before the merge' end as about_time,
        case when is_dismissed then 'dismissed before the merge' when is_dismissed is null then 'time of dismissal not known' end as about_dismissal,
        case when is_before_merge and not is_last_opinion then 'replaced by a later review of the same person' end as about_order,
        case when is_bot then 'a bot' end as about_kind,
        case when is_own_change then 'wrote part of the change' when is_own_change is null then 'independence not known' end as about_independence,
        case when not covers_head then 'another version than the merged one' when covers_head is null then 'version approved not known' end as about_version,
        case when not could_write then 'without write permission' when could_write is null then 'permission at the time not known' end as about_rights,
        case when not was_active then 'not an active worker' when was_active is null then 'employment at the time not known' end as about_employment
    from reviews

),

final as (

    select
        reviews.item_key,
        reviews.review_id,
        reviews.reviewer_login,
        reviews.person_id,
        reviews.is_bot,
        reviews.state,
        reviews.opinion,
        reviews.body as comment,
        reviews.submitted_at,
        reviews.commit_oid,
        reviews.dismissed_at,
        reviews.is_before_merge,
        reviews.is_standing_approval,
        reviews.is_own_change,
        reviews.covers_head,
        reviews.could_write,
        reviews.was_active,
        reviews.qualifies,
        case
            when reviews.qualifies and reviews.is_equal_by_patch then 'qualifies; the head differs by a merge of the base branch only'
            when reviews.qualifies then 'qualifies'
            when reviews.opinion <> 'APPROVED' or reviews.is_bot
                then concat_ws('; ', doubts.about_opinion, doubts.about_time, doubts.about_dismissal, doubts.about_order, doubts.about_kind)
            else
                concat_ws(
                    '; ',
                    doubts.about_opinion,
                    doubts.about_time,
                    doubts.about_dismissal,
                    doubts.about_order,
                    doubts.about_independence,
                    doubts.about_version,
                    doubts.about_rights,
                    doubts.about_employment
                )
        end as reason,
        reviews.url
    from reviews
    inner join doubts on doubts.item_key = reviews.item_key and doubts.review_id = reviews.review_id

)

select * from final
